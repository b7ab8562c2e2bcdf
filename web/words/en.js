// @ts-check
/**
 * Every word of the web app in English. Another language is another file with the same names.
 *
 * Plain English, reading age 9: sentences under 20 words, "we" is the council, "you" is the parent. No
 * "please" in errors: say what to do. `{phone}`, `{hours}`, `{email}` and the like stand for a link or a
 * bold part that the view puts in (ui/say.js). A function takes what changes the sentence.
 *
 * `app` is for the app, `pages` for the pages that are made by the build and read without JavaScript:
 * there the settings are `{{name}}`, and the server fills them.
 *
 * @module
 */

/** @typedef {import('../js/time.js').Civil} Civil */
/** @typedef {Record<'council_name' | 'team_name' | 'caseworker_title' | 'contact_phone' | 'contact_hours'
 *   | 'contact_email' | 'sendiass_name' | 'sendiass_phone' | 'sendiass_url' | 'exit_url'
 *   | 'accessibility_prepared_on' | 'service_name' | 'public_url', string>} Settings */

export const lang = 'en-GB';
export const product = 'Sendline';

const nb = '\u00a0';
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
  'November', 'December',
];

/** @param {Civil} c "Tuesday 19 January", with the year when it is not this one's @param {number} [thisYear] */
function date(c, thisYear = c.year) {
  const year = c.year === thisYear ? '' : ` ${c.year}`;
  return `${weekdays[c.weekday]} ${c.day}${nb}${months[c.month - 1]}${year}`;
}
/** @param {Civil} c @param {number} [thisYear] "19 January" */
function shortDate(c, thisYear = c.year) {
  return `${c.day}${nb}${months[c.month - 1]}${c.year === thisYear ? '' : ` ${c.year}`}`;
}
/** @param {Civil} c "10:30am" */
function time(c) {
  if (c.minute === 0 && c.hour % 12 === 0) {
    return c.hour === 0 ? 'midnight' : 'midday';
  }
  const hour = c.hour % 12 === 0 ? 12 : c.hour % 12;
  return `${hour}:${String(c.minute).padStart(2, '0')}${c.hour < 12 ? 'am' : 'pm'}`;
}
/** @param {number} n @param {string} one @param {string} many */
function count(n, one, many) {
  return `${n} ${n === 1 ? one : many}`;
}
/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {Settings} s */
export const app = (s) => ({
  lang,
  product,
  date,
  shortDate,
  time,
  /** @param {string} page @param {boolean} [wrong] */
  title: (page, wrong) => `${wrong ? 'Error: ' : ''}${page} – ${product}`,

  nav: {
    menu: 'Menu',
    home: 'Home',
    messages: 'Messages',
    account: 'Account',
    signOut: 'Sign out',
    /** @param {number} n */
    newMessages: (n) => `(${count(n, 'new message', 'new messages')})`,
    children: 'Children',
  },

  common: {
    back: 'Back',
    important: 'Important',
    error: 'Error:',
    problemTitle: 'There is a problem',
    show: 'Show',
    hide: 'Hide',
    showPassword: 'Show password',
    hidePassword: 'Hide password',
    passwordShown: 'Your password is visible',
    passwordHidden: 'Your password is hidden',
    loading: 'Loading…',
    success: 'Success',
    tryAgain: 'Try again',
  },

  /** Sentences for what went wrong between here and the server. */
  errors: {
    offline: 'We cannot reach Sendline. Check that you are connected to the internet, then try again',
    problem: 'Something went wrong on our side. Nothing was changed. Try again in a minute',
    busy: 'Sendline is busy. Nothing was changed. Try again in a few seconds',
    storage_full: 'Sendline cannot save anything at the moment. Nothing was changed. Try again later',
    stopping: 'Sendline is restarting. Try again in a minute',
    /** @param {number} minutes */
    rate_limited: (minutes) =>
      `There were too many tries. ${capital(minutes === 1 ? 'wait 1 minute' : `wait ${minutes} minutes`)}, then try again. We do this to keep other people out`,
  },

  help: {
    title: 'Need help now?',
    when: 'We do not read messages at night or at weekends.',
    team: `Talk to the ${s.team_name}`,
    hours: s.contact_hours,
    cope: 'You, or your child, feel you cannot cope',
    copeNote: 'Choose the mental health option. Free, day and night',
    danger: 'Someone is hurt or in danger',
    dangerNote: 'Free, day and night',
  },

  sendiass: {
    title: 'Advice from outside the council',
    text: `${s.sendiass_name} gives free, private advice to parents. It works apart from the council.`,
    call: 'Call {sendiassPhone}',
    visit: `Visit the ${s.sendiass_name} website`,
  },

  caseworker: {
    title: `Your ${s.caseworker_title}`,
    role: capital(s.caseworker_title),
    yours: `your ${s.caseworker_title}`,
    colleague: `${s.team_name}`,
    left: 'has left the team',
  },

  signIn: {
    title: 'Sign in',
    h1: 'Sign in to Sendline',
    email: 'Email address',
    password: 'Password',
    ownDevice: 'This is my own phone or computer. Keep me signed in for 14 days',
    ownDeviceHint: 'Only tick this if nobody else can unlock it.',
    button: 'Sign in',
    working: 'Unlocking. This can take a few seconds.',
    forgotten: 'I have forgotten my password',
    noAccountTitle: 'If you do not have an account',
    noAccount: `You need an invitation from your ${s.caseworker_title}. Ask for one when you next talk, or call the ${s.team_name} on {phone}.`,
    haveInvite: 'I have an invitation on paper',
    needEmail: 'Enter your email address',
    badEmail: 'Enter an email address in the right form, like name@example.com',
    needPassword: 'Enter your password',
    wrong: 'Your email address or password is not right. Check both and try again',
    vault: `We could not unlock your account with this password. Call the ${s.team_name}`,
    again: 'Sign in again to go on. What you were writing is safe.',
  },

  forgotten: {
    title: 'If you have forgotten your password',
    lead: `It is OK. Your ${s.caseworker_title} can let you back in.`,
    firstTitle: 'First, check',
    first: ['passwords saved on your phone or computer', 'the paper you wrote it on', 'that Caps Lock is off'],
    thenTitle: 'If you still cannot sign in',
    steps: [
      `Call the ${s.team_name} on {phone}, {hours}.`,
      `Your ${s.caseworker_title} asks you some questions, to make sure it is you.`,
      'They give you a new invitation, and a code. You set a new password.',
      'Your old messages come back. You do not have to do anything for this.',
    ],
    whyTitle: 'Why we cannot just reset it',
    why: 'Your password is the key that unlocks your messages. Only you have it. If we could reset it, someone else could use that to read your messages.',
    shown: 'The conversation will show, for good, who invited you again and when.',
  },

  accept: {
    title: 'Your invitation',
    typedTitle: 'Use your invitation',
    typedH1: 'Type in your invitation',
    typedLead: 'You find it in your letter: 6 groups of letters and numbers.',
    typedLabel: 'Invitation',
    typedHint: 'For example, 3K7DM-… Big or small letters, with or without dashes. You can paste it.',
    typedNeed: 'Type in the invitation from your letter',
    typedLength: 'The invitation has 6 groups of 5 letters and numbers. Check that you typed all of them',
    /** @param {number} group from 1 */
    typedGroup: (group) => `Check group ${group} of your invitation. Something in it is not right`,
    badLink: 'This link is not complete. Open it again, or type in your invitation from the letter',
    next: 'Continue',

    codeH1: 'Enter your code',
    codeLead: `You were given a code of 12 digits, apart from this invitation: by phone, in person or in another letter.`,
    codeLabel: '12-digit code',
    codeHint: 'You can leave spaces in it.',
    codeNeed: 'Enter your code',
    codeForm: 'Your code is 12 digits. Check it and try again',
    codeWorking: 'Checking your code. This can take a few seconds.',
    /** @param {number} left */
    codeWrong: (left) =>
      `This code is not right. Check it and try again. You have ${count(left, 'try', 'tries')} left`,
    codeWhyTitle: 'Why do I need a code?',
    codeWhy: 'The invitation alone opens nothing. If it gets lost or someone else sees it, your messages stay private. After 5 wrong codes the invitation ends.',
    codeLost: `If you do not have a code, call the ${s.team_name} on {phone}, {hours}.`,

    /** @param {string} name */
    whoH1: (name) => `${name} has invited you to use Sendline`,
    whoTitle: 'You have been invited',
    /** @param {string} name */
    whoLead: (name) =>
      `Sendline is a private way to talk to ${name}, your ${s.caseworker_title} at ${s.council_name}.`,
    canTitle: 'You can:',
    can: ['write messages, and get answers', 'see by when we will answer', 'read everything again, whenever you want'],
    about: 'About',
    /** @param {string[]} refs */
    refs: (refs) => refs.join(', '),
    sentTo: 'For',
    useBy: 'Use it by',
    privateTitle: 'Your messages are private',
    private: 'Your messages are locked on your phone or computer before they are sent. Only you and the council staff who look after your family can unlock them. You see who they are next to your messages.',
    e2ee: 'This is called end-to-end encryption.',
    accept: 'Accept and set a password',
    acceptSignedIn: 'Add to my account',
    shareTitle: 'When we may have to share something',
    share: [
      'If we think a child or adult may be harmed, we must pass that on to keep them safe. We will tell you first if we can.',
      `Your ${s.caseworker_title} may also put important messages on your child’s council record.`,
    ],
    notTitle: 'Not sure this is real, or not for you?',
    not: `Do not accept it. Call the ${s.team_name} on {phone}. You can check this number on our main council website.`,
    haveTitle: 'Do you have a Sendline account already?',
    have: 'If you know your password, {signIn} first. Then your messages stay together, and you keep your password.',
    haveLink: 'sign in',

    pwTitle: 'Set your password',
    pwAddress: 'You will sign in with the email address {address}',
    pwHow: 'How to make a strong password',
    pwRules: [
      'use 12 characters or more',
      'put 4 random words together, such as the ones below',
      'leave out names, birthdays and pets',
      'do not use it for anything else',
    ],
    offerTitle: 'Four words, made for you',
    offerText: 'Nobody else gets these words from us. We do not keep them.',
    offerUse: 'Use these words',
    offerOther: 'Show other words',
    offerUsed: 'We put the words in for you. Write them down now.',
    pwHint: 'You can use spaces and letters from any language. You can paste it in.',
    pwShort: 'Your password must have 12 characters or more',
    pwLong: 'Your password must have 1,000 characters or fewer',
    strength: [
      { name: 'Too short.', text: 'Use 12 characters or more.' },
      { name: 'Weak.', text: 'Try 4 random words.' },
      { name: 'Fair.', text: 'One more word would make it better.' },
      { name: 'Strong.', text: 'This is a good password.' },
    ],
    keepTitle: 'Keep it safe',
    keepWarning: 'We never see your password, so we cannot look it up or reset it for you.',
    keep: [
      'let your phone or computer save it for you, or',
      'write it on paper and keep it at home, away from your phone',
    ],
    /** @param {string} name */
    keepForgot: (name) =>
      `If you forget it, ${name} will check it is you and invite you again. Your old messages come back then.`,
    keptLegend: 'Have you kept your password safe?',
    kept: 'Yes, I have a safe way to keep my password',
    keptNeed: 'Tick the box to show you have a safe way to keep your password',
    create: 'Create my account',
    working: 'Making your account. This can take a few seconds. Stay on this page.',
    addH1: 'Add this to your account',
    addLead: 'Enter your password, so that we know it is you. It stays as it is.',
    addButton: 'Add to my account',
    addWrong: 'This is not the password of the account you are signed in to',
    otherAccount: 'This invitation is for another account. Sign out first, then open the invitation again.',

    addressUsed: `There is another account with this email address. Call the ${s.team_name}`,
    readyTitle: 'Your account is ready',
    ready: 'Next time, sign in with your email address and the password you just set.',
    readyAdded: 'The new conversation is in your account now.',

    endedH1: 'This invitation has ended',
    ended: {
      used: 'It has been used already. Each invitation works once. This keeps your messages safe.',
      expired: 'Each invitation works for 28 days. This keeps your messages safe.',
      wrong_codes: 'There were 5 wrong codes, so we ended it. This keeps other people out.',
      ended: 'We ended it, or made you a newer one. Use the newest one that you have.',
      unknown: 'We do not know this invitation. Check that it is the newest one that you have.',
    },
    endedHaveTitle: 'If you have already set a password',
    endedNotTitle: 'If you have not set a password yet',
    endedNot: `Ask your ${s.caseworker_title} for a new invitation. Call the ${s.team_name} on {phone}, {hours}.`,
    endedNothing: 'You have not lost anything. A new invitation takes about 5 minutes.',
    endedUsedNotYou: 'If it was not you who used it, call us at once.',
    alarmH1: 'We cannot open this invitation',
    alarm: `It did not pass our checks, so we stopped to keep you safe. Nothing was changed. Call the ${s.team_name} on {phone}, {hours}.`,
    /** @param {string} code */
    alarmCode: (code) => `Tell them this: ${code}.`,
  },

  home: {
    title: 'Home',
    /** @param {string} name */
    hello: (name) => (name === '' ? 'Hello' : `Hello, ${name}`),
    /** @param {string} name */
    welcome: (name) => (name === '' ? 'Welcome' : `Welcome, ${name}`),
    /** @param {string} child @param {string} ref */
    about: (child, ref) => (child === '' ? `Case ${ref}.` : `About ${child}, ${ref}.`),
    helpLink: 'Need help now?',
    messages: 'Messages',
    /** @param {number} n */
    newMessages: (n) => `You have ${count(n, 'new message', 'new messages')}`,
    /** @param {string} name @param {string} role @param {string} when */
    from: (name, role, when) => `From ${name}, ${role}. The last one came ${when}.`,
    noNew: 'No new messages',
    /** @param {string} when */
    last: (when) => `The last message came ${when}.`,
    /** @param {string} when */
    lastMine: (when) => `You wrote last, ${when}.`,
    read: 'Read your messages',
    open: 'Open your messages',
    none: 'No messages yet. You can write first.',
    /** @param {string} name @param {string} child */
    noneMore: (name, child) =>
      `${name} would like to know how ${child === '' ? 'your child' : child} is doing, and the best way to talk to you.`,
    /** @param {string} name */
    write: (name) => `Write to ${name}`,
    opening: 'We are unlocking your messages.',
    noThreads: `You have no conversations yet. Call the ${s.team_name} on {phone} if you think this is wrong.`,
    waiting: 'You have a message that is not sent yet. Open your messages to see it.',
  },

  when: {
    /** @param {string} clock */
    today: (clock) => `today at ${clock}`,
    /** @param {string} clock */
    yesterday: (clock) => `yesterday at ${clock}`,
    /** @param {string} day @param {string} clock */
    on: (day, clock) => `on ${day} at ${clock}`,
    dayToday: 'today',
    dayYesterday: 'yesterday',
    /** @param {string} day */
    day: (day) => `on ${day}`,
    /** @param {string} day */
    headToday: (day) => `Today, ${day}`,
    /** @param {string} day */
    headYesterday: (day) => `Yesterday, ${day}`,
  },

  promise: {
    we: 'We',
    /** @param {string} who @param {string} day */
    due: (who, day) => `${who} will answer by ${day}.`,
    /** @param {string} who @param {string} day */
    late: (who, day) => `${who} should have answered by ${day}. We are sorry. Call us on {phone} if you cannot wait.`,
    /** @param {string} who */
    not_needed: (who) => `${who} marked that your last message needs no reply. If it does, write again.`,
    hurry: 'In a hurry? Call {phone}.',
  },

  messages: {
    title: 'Messages',
    /** @param {string} name */
    h1: (name) => `Messages with ${name}`,
    h1Team: `Messages with the ${s.team_name}`,
    /** @param {string} child @param {string} ref */
    aboutLine: (child, ref) => (child === '' ? ref : `${child}, ${ref}`),
    /** @param {string} name @param {string} team @param {string} records */
    lock: (name, team, records) =>
      `Only you${name === '' ? '' : `, ${name}`} and the council staff who look after your family can unlock these messages. ` +
      `That is the ${team}${records === '' ? '.' : `, and the ${records} when a record is asked for.`}`,
    goNew: 'Go to new messages',
    goWrite: 'Write a message',
    log: 'Messages, oldest first',
    older: 'Show older messages',
    /** @param {number} n */
    newLine: (n) => count(n, 'new message', 'new messages'),
    you: 'You',
    noneTitle: 'No messages yet',
    /** @param {string} name */
    none: (name) => `You can write at any time of day. ${name} will answer, and we show you by when.`,
    /** @param {string} name */
    ideasTitle: (name) => `Not sure what to say? You could tell ${name}:`,
    /** @param {string} child */
    ideas: (child) => [
      `what ${child === '' ? 'your child' : child} enjoys and is good at`,
      'what is hard right now',
      'the best way and time to talk to you',
    ],
    delivered: 'Delivered',
    /** @param {string} name @param {string} when */
    readBy: (name, when) => `Read by ${name}${when === '' ? '' : ` ${when}`}`,
    sending: 'Sending…',
    waiting: 'Waiting to send',
    /** @param {number} tries */
    notSent: (tries) => (tries > 1 ? `Not sent. We tried ${tries} times.` : 'Not sent.'),
    notSentClosed: 'Not sent. This conversation is closed.',
    notSentRefused: 'Not sent. Our checks stopped it.',
    retry: 'Try again',
    /** @param {string} clock */
    retryWhich: (clock) => ` to send message from ${clock}`,
    remove: 'Delete',
    /** @param {string} clock */
    removeWhich: (clock) => ` message from ${clock}`,
    removed: 'Message deleted',
    takeBack: 'Take back',
    /** @param {string} clock */
    takeBackWhich: (clock) => ` message from ${clock}`,
    takeBackAsk: 'Take this message back? We delete it for both of you. It may have been read already.',
    takeBackYes: 'Yes, take it back',
    takeBackNo: 'No, keep it',
    takeBackFailed: 'We could not take the message back. Try again in a minute.',
    takenBackMine: 'You took this message back.',
    /** @param {string} name */
    takenBack: (name) => `${name} took this message back.`,
    /** @param {string} day @param {string} clock */
    writtenAt: (day, clock) => `Written ${day} at ${clock} by the writer’s own clock`,
    notConfirmed: 'Not confirmed: this person has left the team since.',
    file: 'A file was sent. This version of Sendline cannot open files yet.',
    fileCall: 'About a phone call.',
    /** @param {string} name */
    unknown: (name) => `Something that this version of Sendline cannot show (${name}). Reload the page, or call {phone}.`,
    letter: 'Letter',
    reason: 'Reason',
    agreed: 'What we agreed',
    confirmed: 'You confirmed what was agreed.',
    connectedAgain: 'You are back online',
    offlineTitle: 'You are not connected',
    offline: 'We keep trying. You can still read and write here. Messages wait on this device until you are back.',
    /** @param {string} clock */
    offlineSince: (clock) => `Last connected at ${clock}.`,
    /** @param {string} name */
    write: (name) => `Write to ${name}`,
    label: 'Your message',
    hint: 'Short is fine. You can write in the language you know best.',
    button: 'Send message',
    /** @param {number} left */
    left: (left) => `You have ${left === 1 ? '1 character' : `${left.toLocaleString('en-GB')} characters`} left`,
    /** @param {number} over */
    over: (over) => `You have ${over === 1 ? '1 character' : `${over.toLocaleString('en-GB')} characters`} too many`,
    limit: 'You can enter up to 2,000 characters',
    empty: 'Write a message first',
    tooLong: 'Your message is too long. Make it shorter, or send it in 2 parts',
    draftKept: 'We save what you write on this device until you send it.',
    /** @param {string} clock */
    draftSaved: (clock) => `We saved what you wrote on this device at ${clock}.`,
    draftNot: 'This browser does not let us save what you write. Do not close the page before you send it.',
    draftOld: 'Something you wrote here before could not be unlocked. It was locked with an older password.',
    /** @param {string} name */
    arrived: (name) => `New message from ${name}`,
    opening: 'We are unlocking your messages. This can take a few seconds.',
    closed: `This conversation is closed. You can still read it. To talk to us, call {phone}.`,
    notFound: 'There is no such conversation in your account.',
    otherRef: 'The council’s list shows this conversation under another case. Go by the name above. If it looks wrong, call {phone}.',
    stoppedTitle: 'We stopped sending, to keep you safe',
    stopped: {
      'another-history': 'This conversation is not the one that you saw before. Messages may be missing or changed.',
      'histories-differ': 'You and the council may not be seeing the same messages here.',
      roster: 'The list of council staff did not pass our checks. Somebody may be pretending to be staff.',
      'key-alarm': 'The lock of this conversation does not fit the keys that you have.',
      'no-key': 'This page does not have the key to this conversation. A newer lock was set without you.',
      'not-in-roster': 'The council’s list of staff does not have the right keys for this conversation.',
      'keys-replaced': 'A newer password or invitation has taken over. If that was not you, call us at once.',
      'roster-expired': 'The council’s list of staff is out of date. We cannot take a new lock until there is a newer one.',
      'newer-roster': 'We are waiting for the newest list of council staff. You can send when it is here.',
    },
    stoppedDo: 'You can read what is here. Call the {team} on {phone} before you trust it. What you write stays on this device.',
    /** @param {string} code */
    stoppedCode: (code) => `Tell them this: ${code}.`,
    oldRosterTitle: 'The council’s list of staff is out of date',
    oldRoster: 'We cannot check who works there today. You can still send, but only do so if it cannot wait.',
    oldRosterYes: 'Send anyway',
    oldRosterOn: 'You chose to send anyway.',

    /** In place of an entry that was refused; by rule, with words of its own where it helps. */
    warning: {
      title: 'Something here did not pass our checks',
      1: 'It is damaged, or was sent to us twice.',
      2: 'It is out of order. It may be an old message, shown again.',
      3: 'It says that it is from somebody who does not work here now.',
      4: 'It says that it is from somebody it is not from.',
      5: 'It does not belong in this place.',
      6: 'It tried to change the lock of this conversation. We ignored it.',
      7: 'It tried to change who is in this conversation. We ignored it.',
      8: 'It cannot be unlocked or understood.',
      body: 'So we do not show it. If you see this more than once, call {phone}.',
      details: 'Details for the helpline',
      /** @param {number} seq @param {string} reason */
      code: (seq, reason) => `Entry ${seq}, ${reason}`,
    },
    event: {
      /** @param {string} name @param {string} clock */
      keyFirst: (name, clock) => `${name} opened this conversation at ${clock}. From here on, everything is locked.`,
      /** @param {string} name @param {string} clock */
      keyNew: (name, clock) => `${name} changed the lock at ${clock}. It is the same conversation. Everything stays readable for you.`,
      /** @param {string} name @param {string} clock @param {string} until */
      invite: (name, clock, until) => `${name} invited you at ${clock}. The invitation was good until ${until}.`,
      /** @param {string} name @param {string} clock */
      keys: (name, clock) => `You joined at ${clock}, with the invitation from ${name}.`,
      /** @param {string} name @param {string} clock */
      keysAgain: (name, clock) => `You set a new password at ${clock}, with a new invitation from ${name}. If this was not you, call {phone} at once.`,
      /** @param {string} clock */
      keysOwn: (clock) => `You changed your password at ${clock}.`,
      /** @param {string} name */
      inviterLeft: (name) => `${name}, who invited you, has left the team since. Another member of staff has to confirm this.`,
      /** @param {string} name @param {string} clock */
      card: (name, clock) => `${name} changed the title of this conversation at ${clock}.`,
    },
    staff: 'A member of staff',
  },

  account: {
    title: 'Your account',
    signingIn: 'Signing in',
    email: 'Email address',
    password: 'Password',
    passwordText: `Only you know it. To set a new one, ask your ${s.caseworker_title} for a new invitation.`,
    device: 'This device',
    deviceOwn: 'You said that this is your own device. You stay signed in for 14 days.',
    /** @param {number} minutes */
    deviceShared: (minutes) => `We sign you out when you do nothing for ${count(minutes, 'minute', 'minutes')}.`,
    since: 'Account made',
    signOutTitle: 'Sign out',
    signOutText: 'Always sign out on a phone or computer that others use.',
    contactTitle: 'Talk to us',
    contactTeam: `${s.team_name}, ${s.council_name}`,
    phone: 'Phone',
    hours: 'Open',
    contactEmail: 'Email',
    emailNote: 'Do not send private things by email. Messages here are locked, emails are not.',
    changeNote: `To change your email address, ask your ${s.caseworker_title}.`,
    worriedTitle: 'Worried someone can get in?',
    worried: 'Call us on {phone}. We can close your account and start a new one. You do not have to say why.',
    loading: 'Loading…',
  },

  signedOut: {
    title: 'You are signed out',
    text: 'Nobody can read your messages on this device until you sign in again.',
    button: 'Sign in again',
    sharedTitle: 'On a shared phone or computer?',
    shared: 'The web address may still show in the list of pages you have been to. You can clear this in your browser settings, under “History”.',
  },

  ended: {
    title: 'We signed you out',
    h1: 'We signed you out to keep you safe',
    /** @param {number} minutes */
    idle: (minutes) => `You did not do anything for ${count(minutes, 'minute', 'minutes')}.`,
    elsewhere: 'Your session has ended. This happens when you sign out or sign in somewhere else, or after a break.',
    saved: 'If you were writing a message, we saved it on this device. It is locked with your password. You will see it when you sign in.',
    button: 'Sign in again',
  },

  problem: {
    title: 'Sorry, there is a problem',
    h1: 'Sorry, there is a problem with Sendline',
    again: 'Try again in a few minutes.',
    saved: 'If you were writing a message, it is saved on this device.',
    call: `If it cannot wait, call the ${s.team_name} on {phone}, {hours}.`,
    button: 'Try again',
    /** @param {string} code */
    code: (code) => `For the helpline: ${code}`,
  },

  notFound: {
    title: 'Page not found',
    typed: 'If you typed the web address, check it is right.',
    invited: 'If you used an invitation link, it may have ended. Ask us for a new one.',
    home: '{home}, or call the {team} on {phone}, {hours}.',
    homeLink: 'Go to Home',
  },

  timeout: {
    title: 'Are you still there?',
    /** @param {number} minutes */
    text: (minutes) =>
      minutes > 1
        ? `We will sign you out in ${minutes} minutes, to keep your messages safe.`
        : 'We will sign you out in less than 1 minute, to keep your messages safe.',
    saved: 'What you are writing is saved on this device.',
    stay: 'Stay signed in',
    out: 'Sign out',
  },
});

/** What the build needs: the frame of each page, and the pages that are read without JavaScript. @param {Settings} s */
export const pages = (s) => ({
  frame: {
    skip: 'Skip to main content',
    exit: 'Exit this page',
    emergency: 'Emergency:',
    exitActivated: 'Loading.',
    exitTimedOut: 'Exit this page expired.',
    exitTwice: 'Shift, press 2 more times to exit.',
    exitOnce: 'Shift, press 1 more time to exit.',
    service: 'Service',
    footerHelp: `Need help with this website? Call {phone}, ${s.contact_hours}.`,
    support: 'Support links',
    run: `Run by the ${s.team_name} at ${s.council_name}`,
    links: {
      accessibility: 'Accessibility statement',
      privacy: 'Privacy: who can see what',
      cookies: 'Cookies',
      safety: 'How this website keeps you safe',
    },
    noscript: `{b}Your browser has JavaScript turned off.{/b} We need it to unlock your messages on your device. Turn it on, or call the ${s.team_name} on {phone}, ${s.contact_hours}.`,
    loading: 'Loading…',
  },
  accessibility: {
    title: 'Accessibility statement',
    body: [
      { p: `This statement is for Sendline, run by ${s.council_name}. We want everyone to be able to use it. You should be able to:` },
      {
        ul: [
          'zoom in to 400% and still read it all',
          'use it with only a keyboard, or with your voice',
          'use it with a screen reader, such as JAWS, NVDA, VoiceOver or TalkBack',
          'change colours, fonts and spacing',
        ],
      },
      { p: '{a https://mcmw.abilitynet.org.uk}AbilityNet has advice{/a} on making your device easier to use.' },
      { h2: 'How accessible this website is' },
      { p: 'The rules are called the Web Content Accessibility Guidelines (WCAG) 2.2, level AA. We built this website to meet them. It is partly compliant until people outside our team have tested it.' },
      { h2: 'What does not work yet' },
      { p: 'No independent audit has been done, and we have not tested with every screen reader. The pages are in English only.' },
      { h2: 'Tell us about a problem, or ask for another format' },
      { p: `Call {phone}, ${s.contact_hours}, or email {email}. We answer within 5 working days.` },
      { h2: 'If you are not happy with our answer' },
      { p: 'The Equality and Human Rights Commission makes sure the rules are followed. Contact the {a https://www.equalityadvisoryservice.com}Equality Advisory and Support Service{/a}.' },
      { h2: 'How we test' },
      { p: `We test every page with a program that looks for problems, at 3 screen widths and by keyboard. We last wrote this on {date}.` },
    ],
  },
  privacy: {
    title: 'Privacy: who can see what',
    body: [
      { p: 'What you write here is locked on your phone or computer before it is sent. It is opened only by the people it is for. This is called end-to-end encryption.' },
      { h2: 'Who can read your messages' },
      {
        ul: [
          'you',
          `your ${s.caseworker_title}, and colleagues in the team who step in for them`,
          'the records office, only when a record is asked for by law, for a tribunal, or when all else is lost',
        ],
      },
      { p: 'The names are always next to your messages. You can see there when someone new is let in.' },
      { h2: 'Who cannot' },
      { p: 'Nobody who runs the computers of this website can read your messages. Nor can another parent of your child: you each have a conversation of your own, and neither sees the other’s.' },
      { h2: 'What the computers do know' },
      {
        ul: [
          'your email address, to let you sign in (it is stored locked)',
          'when you and we wrote, and about how much: never what',
          'the case number, and by when we have to answer',
        ],
      },
      { h2: 'When we may have to share something' },
      { p: `If we think a child or adult may be harmed, we must pass that on to keep them safe. We will tell you first if we can. Your ${s.caseworker_title} may also put important messages on your child’s council record.` },
      { h2: 'How long we keep it' },
      { p: 'Your messages are part of your child’s record, and we keep them as long as the law says. You can ask us for a copy at any time.' },
      { h2: 'Your rights' },
      { p: `You can ask to see what we hold, and to have mistakes put right. Call {phone}, ${s.contact_hours}, or email {email}. If you are not happy with our answer, contact the {a https://ico.org.uk/make-a-complaint/}Information Commissioner’s Office{/a}.` },
    ],
  },
  cookies: {
    title: 'Cookies',
    body: [
      { p: 'Cookies are small notes that a website keeps on your device. We use 1. There are none for advertising, and none that watch what you do.' },
      { h2: 'The cookie we need' },
      {
        ul: [
          '{b}__Host-sendline{/b} keeps you signed in. It ends when you close the browser or sign out. If you said the device is yours, it ends after 14 days.',
        ],
      },
      { h2: 'What else we keep on your device' },
      {
        ul: [
          '{b}Half of a key{/b}, so that you can reload the page without signing in. It opens nothing by itself. It ends when you sign out or close the page.',
          '{b}What you were writing{/b}, so that nothing gets lost. It is locked with your password. It ends when you send or delete it.',
        ],
      },
      { p: 'We cannot run the service without these, so we do not ask you about them.' },
    ],
  },
  safety: {
    title: 'How this website keeps you safe',
    body: [
      { h2: 'Leave in a hurry' },
      { p: '“Exit this page” takes you to another website at once, and locks your messages. You can also press the Shift key 3 times.' },
      { p: 'The web address may still show in your browser’s history. Use a private window if someone checks your phone.' },
      { h2: 'When you walk away' },
      { p: 'We sign you out when you do nothing for a while. What you were writing is kept, locked with your password.' },
      { h2: 'Names stay hidden' },
      { p: 'Your child’s name is never shown before you sign in, and never in the title of a page.' },
      { h2: 'Your password is your key' },
      { p: 'It never leaves your device. We do not have it, so nobody can get it from us, and we cannot reset it.' },
      { h2: 'We check who is who' },
      { p: 'Every message is signed. If something does not come from the person it names, we show you a warning in its place. If messages are missing or changed, we stop sending and tell you what to do.' },
      { h2: 'How to check that this is us' },
      { p: `The web address of this website is {b}${s.public_url}{/b}. Nobody from the council will ever ask for your password. If you are not sure, call {phone}.` },
      { h2: 'In an emergency' },
      { p: 'If someone is hurt or in danger, call {tel 999}. If you or your child feel you cannot cope, call {tel 111} and choose the mental health option. Both are free, day and night.' },
    ],
  },
  'not-found': {
    title: 'Page not found',
    body: [
      { p: 'If you typed the web address, check it is right.' },
      { p: 'If you used an invitation link, it may have ended. Ask us for a new one.' },
      { p: `{a /}Go to Home{/a}, or call the ${s.team_name} on {phone}, ${s.contact_hours}.` },
    ],
  },
});
