// @ts-check
// Short common words that the page offers four of as a password: 2,048 or more, so that four are at
// least 44 bits. Loaded only when a password is set. Nothing here should upset or confuse anybody.

export default `
able above absent accent account ace acid acorn across active actor add admiral admit adult
advance advice aerial affair afford afternoon age agent agile agree ahead aim air aisle
alarm album alder alert algebra alike alive alley allow almond almost alone along aloud
alphabet alpine always amaze amber ample anchor ancient angle animal ankle annual another
answer antelope antler any apart appear apple apricot april apron aqua arbour arch arena
argue arm armour aroma around arrive arrow art article artist ash aside ask aspen athlete
atlas atom attach attic august aunt author autograph autumn avenue average avocado awake
award aware away awning axle baby back badge badger bagel bake baker balance balcony bald
ball ballet balloon balm bamboo banana band bandage bang banjo bank banner barber bargain
barge bark barley barn barrel base basic basil basin basket bat batch bath baton battery bay
bazaar beach beacon bead beak beaker beam bean bear beard beat beautiful beaver become bed
bedroom bee beech beetle beetroot before begin behind being bell below belt bench bend
beneath berry best better beyond big bike bilberry bill bin bird biscuit bison bite
blackbird blade blank blanket blast blaze blend blink bliss blizzard block bloom blossom
blouse blow blue bluebell blunder blur blush board boast boat bobbin body boil bold bolt
bone bonnet bonus book bookcase boom boost boot border born borrow boss both bottle bottom
bought boulder bounce bouquet bow bowl box boxer bracket brain brake bramble bran branch
brass brave bread breakfast breath breeze brew brick bride bridge brief bright bring brisk
broad broccoli brochure bronze brood brook broom brother brown brush bubble bubbly bucket
buckle bud budget buffet bug bugle build bulb bump bumper bun bunch bundle bunny burger
burrow bus bush busy butcher butter butterfly button buy buzz buzzard cabbage cabin cable
cactus cafe cake calendar calf calico call calm camel camera camp canal canary candle canoe
canteen canvas canyon cap cape capital captain car caravan carbon card care cargo carol
carousel carp carpenter carpet carriage carrot carry cart cartoon carve case cash cashew
cast castle casual cat catch cauldron cave cavern cedar ceiling celery cell cellar cello
cement cent central centre century cereal certain chain chair chalet chalk chamber champion
chance change channel chapter character charcoal charity charm chart chase chat cheap check
cheddar cheek cheer cheese cheetah chef cherry chess chest chestnut chicken chief child
chime chimney chin chip chirp chocolate choice choir choose chord chorus chuckle churn
cinema cinnamon circle circuit circus citrus city civil clam clap clarinet clasp class claw
clay clean clear clerk clever click cliff climate climb clip cloak cloakroom clock close
cloth cloud clover clown club clue coach coal coast coaster coat cobalt cobweb cockerel
cocoa coconut cod code coffee coin cold collar collect college colony colour column comb
come comet comfort comic command common company compass compete complete concert condor cone
confetti consider contest control cook cookie cool copper copy coral cord cork corn corner
corridor cost costume cosy cottage cotton couch count country courage cousin cover cow
cowboy coyote crab crack cradle craft crane crate crater crawl crayon cream create creature
credit creek cress crest crew cricket crimson crisp crochet crocodile crocus crop cross
crouch crow crowd crown cruise cruiser crumb crumpet crunch crust crystal cub cube cuckoo
cucumber cuddle culture cup cupboard cupcake curious curl curlew current curry curtain curve
cushion custard cute cutlery cycle cygnet cymbal cypress dad daffodil dahlia dairy daisy
damp damson dance dandelion daring dash data date daughter dawn day dazzle deal dear debate
decade decide deck decorate deed deep deer define degree delay deliver dell delta den denim
depend depth desert desire desk dessert destiny detail develop device dew dial diamond diary
dice diesel differ dig digit dinghy dingo dinner dinosaur direct discover dish distant ditch
diver dizzy dock document dodge dog doll dolphin dome domino done donkey door dormouse dot
double dough doughnut dove dowel down downhill dozen draft dragon dragonfly drain drake
drama draw drawer drawing dream dress dressing drift driftwood drill drink drive driver
drizzle drone drop drum drummer dry duck duckling due dugout duke dumpling dune duo during
dusk dust duty duvet dynamo each eager eagle ear early earn earring earth easel east easy
eat echo eclipse edge edition editor eel effort egg eight elastic elbow elder elect elegant
element elephant eleven elf elk elm else ember emblem emerald emperor empire enamel end
energy engine enjoy enough enter entry envelope epic equal equator era errand escape
espresso essay estate even evening event ever everyone evidence exact exam exchange exciting
exercise exit expand expert explain explore express extra eye eyebrow fable fabric face fact
factory faint fair fairy falcon fall family famous fan fancy fang far farm farmer fashion
fast father faucet favour fawn feast feather feed feel fellow felt fence fern ferret ferry
festival few fibre fiction fiddle field fifteen fifty fig figure fill film filter fin finch
find fine finger finish fir fire firefly fireplace firm first fish fist fit five fix flag
flair flake flame flamingo flannel flap flare flash flask flat flavour flax fleece flex
flick flicker flight flint flip float flock flood floor flour flow flower fluent fluff fluid
flute fly foal foam focus fog foil fold folder follow fond food foot football footpath force
forecast forest forever forge fork form formal fort fortune forty forum forward fossil found
fountain four fox foxglove fraction fragile frame freckle free freeze freight frequent
fresco fresh friday fridge friend fringe frisbee frog front frost frown frozen fruit fudge
fuel full fun funnel fur fuse fusion future gadget gain galaxy gale gallery galley gallon
gallop game gander gap garage garden garland garlic garnet gasp gate gather gaze gazelle
gear gecko gem general genius gentle geyser giant gift giggle ginger giraffe girder give
glacier glad glance glass glaze glee glen glide glimmer glitter globe gloss glove glow glue
goal goat goblet goggles gold golf gondola gong good goose gopher gorge gorilla gosling gown
grab grace graceful grade gradual graduate grain gram grand granite grape graph grass
grateful grater gravel gravity gravy graze great green greet grey grid griddle grill grin
grip groan grocer groom ground group grouse grove grow growth guard guava guess guest guide
guinea guitar gulf gull gulp gum guppy gust gutter gym habit haddock hail hair half hall
halo hammer hamper hamster hand handle harbour hare harp harvest hat hatch haven hawk hay
hazel head heap heart heat heath heather hedge heel height helmet help hen herb herd hero
heron herring hiccup high hike hill hinge hippo hive hobby hockey hold hole holiday hollow
holly home honest honey hood hoof hook hoop hop hope horizon horn horse host hotel hour
house hover human humble hundred hut ice icicle icing idea igloo image inch index indigo ink
inlet insect inside instant iris iron island issue item ivory ivy jacket jade jaguar jam
january jar jasmine jaw jay jazz jeans jeep jelly jersey jest jet jetty jewel jigsaw job
jockey jog join joke jolly journal journey joy jug juggle juice july jumble jumbo jump
jumper june jungle junior just kangaroo karate kayak keen keep kennel kerb kernel kestrel
kettle key kick kid kilt kind kingdom kiosk kipper kit kitchen kite kitten kiwi knee knight
knit knob knock knot koala label lace ladder ladle lady lagoon lake lamb lamp lance land
lane lantern lap lapel larch large lark laser lasso latch late laugh launch laundry lava
lavender lawn layer lead leaf leap learn leather ledge leek left leg legend lemon lemonade
lens lentil leopard lesson letter lettuce level lever library lid life lift light lilac lily
lime limit limpet line linen lion lip liquid list litre little live lizard llama loaf lobby
lobster local lock locket lodge loft log lolly long loom loop lorry lotion lounge love loyal
lucky luggage lullaby lumber lunar lunch lupin lyric macaroon machine magic magnet magpie
mahogany mail main maize major make mallard mallet mammal mammoth mango manner mansion
mantle map maple marble march mare margin marigold marina market marmalade marsh mascot mask
mast master mat match material matter mattress maze meadow meal measure medal medium meet
mellow melody melon member memory mend menu merit merry message metal meteor method metre
middle midnight mild mile milk mill mimic mine mineral mint minute mirror mist mitten mix
moat model modern mole moment monday money monkey month mood moon moor moose morning moss
moth mother motor mound mountain mouse mouth move movie mud muddle muffin mug mule mum
muscle museum mushroom music mussel mustard myth nail name napkin narrow nation nature navy
neat neck nectar needle neighbour nephew nerve nest net nettle network never new news newt
next nibble nice nickel niece night nimble nine noble noise noodle noon north nose note
notebook notice novel november number nursery nut nutmeg nylon oak oar oasis oat object
ocean october octopus odd offer office often oil old olive omelette one onion opal open
opera orange orbit orchard orchid order organ origin osprey ostrich otter ounce outdoor
outfit outside oval oven over owl owner oxygen oyster pace pack paddle paddock page paint
pair palace palm pan pancake panda panel pansy pantry paper parade parcel parent park parrot
parsley parsnip part party pass pasta pastel pastry patch path patio pattern pause pavement
paw pea peace peach peacock peak peanut pear pearl pebble pedal peel pelican pen pencil
penguin penny people pepper perch perfect petal petrol phone photo piano pick pickle picnic
picture pie piece pier pigeon piglet pillar pillow pilot pine pink pint pioneer pip pipe
pirate pitch pizza place plain plan planet plank plant plaster plastic plate platform play
plaza plot plough plum plump plus pocket poem poet point polar pole polish polite pond pony
pool poplar poppy porch porridge port portrait post postcard potato pottery pouch powder
power prairie praise prawn present press pretty price primrose print prism prize profit
project proof proper proud prune public pudding puddle puffin pull pulley pulse pump pumpkin
punch pupil puppet puppy pure purple purse push puzzle pyramid quail quality quarry quart
quarter quartz quest question queue quick quiet quill quilt quince quiver quiz quota rabbit
raccoon race racket radar radio radish raffle raft rail rain rainbow raincoat raisin rake
rally ram ranch random range ranger rapid rare raspberry rattle raven ravine razor reach
read ready real reason recipe record red reed reef reflect region regular reindeer relax
relay relish remedy remote rent repair reply rescue rest result reward rhubarb rhyme rhythm
ribbon rice rich riddle ride ridge right ring ripple rise river road roast robe robin robot
rock rocket rodeo roll roof rook room root rope rose rosemary rotate round route rover row
royal rubber ruby rucksack rudder rug rugby rule ruler rumble runner rural rush rye sack
saddle safe saffron sage sail sailor salad salmon salt salute sample sand sandal sandwich
sardine satchel satin saturday sauce saucer sausage save savoury saxophone scale scallop
scarf scene science scissors scooter score scout screen screw scroll sea seagull seal search
season seat second secret seed seesaw senior sense september serpent serve settle seven
shade shadow shake shallow shampoo shape share shark sharp shed sheep sheet shelf shell
shelter sherbet shield shift shine ship shirt shoe shop shore short shoulder shovel show
shower shrimp shrub shuffle shut shuttle side sign signal silence silk silly silver simple
singer single siren sister six size skate sketch ski skill skip skirt sky skylark slate
sledge sleep sleeve slice slide slipper slope slow small smart smile smoke smooth snack
snail snap sneeze snooze snow snowdrop snowman soap soccer social sock socket soda sofa soft
soil solar solid solo song soon sorbet sound soup south spade spaniel spare spark sparrow
speak special speech speed spell spice spider spike spin spinach spiral spirit splash spoke
sponge spoon sport spot spray spread spring sprout spruce squad square squash squid squirrel
stable stack stadium staff stage stair stall stamp stand star starling start state station
statue steady steam steel steep stem step stereo stew stick still stitch stock stone stool
stop store stork storm story stove straight strand strap straw stream street stretch string
stripe stroll strong studio study style subject sudden suede sugar suit sultana summer
summit sun sunday sunflower sunny sunset super supper surf surface surprise swallow swamp
swan sweater sweep sweet swift swim swing switch sycamore symbol syrup system table tablet
tackle tadpole tail tailor talent talk tall tame tandem tangle tango tank tap tape target
tart tartan task taste taxi tea teach team teapot teddy telescope tell tempo ten tennis tent
term terrace terrier test text texture thank thatch theatre theme thermos thick thimble thin
thing third thirty thistle thorn thread three thrill throne thrush thumb thunder thursday
thyme ticket tidal tide tidy tie tiger tile timber time tin tinsel tiny tip title toad toast
toboggan today toe toffee toggle tomato tomorrow tone tongue tonic tool tooth top topaz
topic torch tornado tortoise total totem toucan touch tour towel tower town toy track
tractor trade traffic trail train tram travel tray treasure treat tree trek trench trend
trial triangle tribe trick tricycle trifle trim trip triple trolley trophy tropic trot
trousers trout trowel truck true trumpet trunk trust truth tube tuesday tug tulip tumble
tuna tundra tune tunnel turban turkey turn turnip turquoise turtle tusk tweed twelve twenty
twice twig twin twist two type tyre umbrella uncle under unicorn uniform union unit universe
upper upset urban urchin useful usher utensil vacuum valley value valve van vanilla vapour
variety varnish vase vault velvet vendor verb verse vessel vest victory video view village
vine vinegar vintage viola violet violin visit visitor vital vitamin voice volcano volley
volume vote voyage waffle wagon waist waiter walk wall wallet walnut walrus waltz wander
wardrobe warm wash watch water wave wax way weasel weather weave wedding wednesday weed week
weekend weight welcome well welly west whale wheat wheel whisk whisker whisper whistle whole
wicker wide width wild willow wind window wing winner winter wire wisdom wise wish wizard
wolf wombat wonder wood wool word work workshop world worm wrap wren wrist write yacht yard
yarn yawn year yeast yellow yesterday yew yodel yogurt yolk young yoyo zebra zenith zephyr
zero zest zigzag zinc zip zone zoo zoom
`.trim().split(/\s+/);
