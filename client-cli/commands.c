/* The table of commands. Groups are together, in the order in which help shows them; a noun's verbs
 * follow each other within one. */
#include "command.h"

#define OPTIONS(...)                                                                               \
    (const struct opt_use[])                                                                       \
    {                                                                                              \
        __VA_ARGS__, OPT_END                                                                       \
    }

const struct command commands[] = {
    {
        .name = "inbox",
        .args = "",
        .group = "Start here",
        .summary = "Who has written to you, and when a reply is due",
        .about = "Sorted by when a reply is due. No message text and no child's name are shown, so "
                 "that a screen in an open office tells nobody anything. Messages that waited in "
                 "your outbox are sent first.",
        .examples = "sendline inbox\n"
                    "sendline inbox --json | jq -r '.[] | select(.reply == \"late\") | .case'\n"
                    "sendline inbox --quiet --exit-code || echo 'A reply is late'",
        .options = OPTIONS({OPT_ALL, "All conversations, also those that wait for nothing"},
                           {OPT_EXIT_CODE, NULL}),
        .run = cmd_inbox,
    },
    {
        .name = "read",
        .args = "CASE",
        .group = "Start here",
        .summary = "Read a conversation",
        .about = "CASE is a reference such as EHC-2041, in small letters too, or its number alone. "
                 "Shown are the last 14 days, and everything that is new. The family sees how far "
                 "you have read.",
        .examples = "sendline read EHC-2041\n"
                    "sendline read 2041 --peek\n"
                    "sendline read EHC-2041 --since 2026-12-01",
        .options = OPTIONS({OPT_ALL, "The whole conversation, with the numbers of your messages"},
                           {OPT_PEEK, NULL}, {OPT_SINCE, NULL}),
        .min_args = 1,
        .max_args = 1,
        .run = cmd_read,
    },
    {
        .name = "reply",
        .args = "CASE",
        .group = "Start here",
        .summary = "Answer, in your editor or from a file",
        .about = "Opens your editor (the setting 'editor', $VISUAL, then $EDITOR). You see the "
                 "message and are asked before it is sent. It is locked on this computer before it "
                 "leaves; without a connection it waits in your outbox.\n"
                 "\n"
                 "There is no --message option on purpose: words typed on the command line stay in "
                 "shell history.",
        .examples = "sendline reply EHC-2041\n"
                    "sendline reply EHC-2041 --file letter.txt\n"
                    "sendline reply EHC-2041 --file - --yes < letter.txt",
        .options = OPTIONS({OPT_CONFIRM, NULL}, {OPT_DRAFT, NULL}, {OPT_FILE, NULL},
                           {OPT_YES, "Send without asking"}),
        .min_args = 1,
        .max_args = 2,
        .run = cmd_reply,
    },
    {
        .name = "watch",
        .args = "[CASE]",
        .group = "Start here",
        .summary = "New messages as they come",
        .about = "Without CASE: a line for each thing that happens, with no message text, so that "
                 "it can stay on a screen. With CASE: the conversation itself, live, and the "
                 "family sees how far you have read. After a lost connection it catches up by "
                 "itself. A family that accepts your invitation is given a key. Ctrl-C ends it.",
        .examples = "sendline watch\n"
                    "sendline watch EHC-2041 --peek\n"
                    "sendline watch --json | jq --unbuffered -r .case",
        .options = OPTIONS({OPT_PEEK, NULL}),
        .max_args = 1,
        .run = cmd_watch,
    },
    {
        .name = "cases",
        .args = "",
        .group = "Start here",
        .summary = "Your caseload",
        .examples = "sendline cases\n"
                    "sendline cases --plain | cut -f 1",
        .run = cmd_cases,
    },
    {
        .name = "outbox",
        .args = "",
        .group = "Messages",
        .summary = "Messages that wait to be sent",
        .about = "A message that was written without a connection is kept here, locked, and sent "
                 "with the next command that has one.",
        .examples = "sendline outbox\n"
                    "sendline outbox send",
        .run = cmd_outbox,
    },
    {
        .name = "outbox send",
        .args = "",
        .summary = "Send what waits now",
        .examples = "sendline outbox send",
        .run = cmd_outbox_send,
    },
    {
        .name = "outbox cancel",
        .args = "NUMBER",
        .summary = "Throw away a message that waits",
        .about = "NUMBER is the one that 'sendline outbox' shows.",
        .examples = "sendline outbox cancel 1",
        .options = OPTIONS({OPT_YES, "Throw it away without asking"}),
        .min_args = 1,
        .max_args = 1,
        .run = cmd_outbox_cancel,
    },
    {
        .name = "no-reply-needed",
        .args = "CASE",
        .group = "Messages",
        .summary = "Say that a family waits for no answer",
        .about = "For a message such as 'thank you'. The family sees it too, and the promise of a "
                 "reply starts again with their next message.",
        .examples = "sendline no-reply-needed EHC-2041",
        .min_args = 1,
        .max_args = 1,
        .run = cmd_no_reply_needed,
    },
    {
        .name = "take-back",
        .args = "CASE NUMBER",
        .group = "Messages",
        .summary = "Take back a message of yours",
        .about = "Its words are erased; that there was a message stays to be seen. NUMBER is the "
                 "one that 'sendline read CASE --all' shows beside your messages.",
        .examples = "sendline read EHC-2041 --all --peek\n"
                    "sendline take-back EHC-2041 12",
        .options = OPTIONS({OPT_YES, "Take it back without asking"}),
        .min_args = 2,
        .max_args = 2,
        .run = cmd_take_back,
    },
    {
        .name = "cases add",
        .args = "",
        .group = "Families",
        .summary = "Add a case, with its conversation",
        .about =
            "Asks for the case reference, the child's initials and the parent's name, or reads "
            "them from a file {\"case\", \"child\", \"parent\"}. They are locked like messages; "
            "the service is told the reference alone. A case has one conversation with each "
            "parent.",
        .examples = "sendline cases add\n"
                    "sendline cases add --from case.json",
        .options = OPTIONS({OPT_FROM, NULL}),
        .run = cmd_cases_add,
    },
    {
        .name = "invite",
        .args = "CASE",
        .group = "Families",
        .summary = "Invite a parent or carer, or invite them again",
        .about =
            "Asks for their e-mail address, with which they sign in, or reads {\"email\"} (and "
            "\"name\", when it has changed) from a file. You get a link, its QR code, the same "
            "to type, and a letter to print if you like; and apart from these a code of 12 "
            "digits that has to go another way. The service never sends or sees them.\n"
            "\n"
            "With --again a forgotten password is made good: they set a new one, and their "
            "messages come back. A new invitation ends the one before.",
        .examples = "sendline invite EHC-2041\n"
                    "sendline invite EHC-2041 --letter letter.pdf\n"
                    "sendline invite EHC-2041 --again\n"
                    "sendline invite EHC-2102 --same-as EHC-2041",
        .options =
            OPTIONS({OPT_AGAIN, NULL}, {OPT_CONFIRM, NULL}, {OPT_FROM, NULL}, {OPT_LETTER, NULL},
                    {OPT_SAME_AS, NULL}, {OPT_YES, "You have checked who they are: do not ask"}),
        .min_args = 1,
        .max_args = 1,
        .run = cmd_invite,
    },
    {
        .name = "invites",
        .args = "[CASE]",
        .group = "Families",
        .summary = "Your invitations that wait, and what became of them",
        .examples = "sendline invites\n"
                    "sendline invites --ended",
        .options = OPTIONS({OPT_ENDED, NULL}),
        .max_args = 1,
        .run = cmd_invites,
    },
    {
        .name = "invites end",
        .args = "CASE",
        .summary = "End an invitation, so that it opens nothing",
        .examples = "sendline invites end EHC-2041",
        .options = OPTIONS({OPT_YES, "End it without asking"}),
        .min_args = 1,
        .max_args = 1,
        .run = cmd_invites_end,
    },
    {
        .name = "unlock",
        .args = "",
        .group = "Your key and your colleagues",
        .summary = "Keep your key open for a while",
        .about =
            "The key is kept in this computer's kernel, never on a disk, for four hours or the "
            "time that you say (at most 24h). Where there is no such place, each command asks "
            "for your password.",
        .examples = "sendline unlock\n"
                    "sendline unlock --for 90m",
        .options = OPTIONS({OPT_FOR, NULL}),
        .run = cmd_unlock,
    },
    {
        .name = "lock",
        .args = "",
        .group = "Your key and your colleagues",
        .summary = "Close your key and end your session",
        .examples = "sendline lock",
        .run = cmd_lock,
    },
    {
        .name = "who",
        .args = "[CASE]",
        .group = "Your key and your colleagues",
        .summary = "Who your colleagues are, or who can read a case",
        .about = "With a case: who can unlock what is written there now. Without: the list of "
                 "colleagues that your service manager signed, with prints of keys to compare on "
                 "the telephone.",
        .examples = "sendline who\n"
                    "sendline who EHC-2041",
        .max_args = 1,
        .run = cmd_who,
    },
    {
        .name = "service init",
        .args = "",
        .group = "Setting up",
        .summary = "Make the keys of a new service",
        .about =
            "Done once, by the service manager, on a computer that is not the service's. Makes "
            "the root keys, the keys of the team, the records office and each colleague, and "
            "the first list of colleagues, and writes them into a folder with what to do with "
            "each. Everybody types their own passphrase.\n"
            "\n"
            "With --plan nothing is asked. The plan is a JSON object: {\"manager\": PERSON, "
            "\"deputy\": PERSON (if there is one), \"team\": {\"name\"}, \"staff\": [PERSON with "
            "\"role\"], \"records\": [PERSON, PERSON]}, where PERSON is {\"name\", "
            "\"passphrase_file\"} and a role is caseworker, manager or records.",
        .examples = "sendline service init --server https://sendline.anyshire.example:8444 \\\n"
                    "    --token-file setup-token --out keys\n"
                    "sendline service init --plan plan.json --token-file setup-token --out keys",
        .options = OPTIONS({OPT_CA_FILE, NULL}, {OPT_OUT, "Folder for the keys, new or empty"},
                           {OPT_PLAN, NULL}, {OPT_SERVER, NULL}, {OPT_TOKEN_FILE, NULL},
                           {OPT_YES, "Set up without a last question"}),
        .run = cmd_service_init,
    },
    {
        .name = "completion",
        .args = "bash",
        .group = "Setting up",
        .summary = "Let the Tab key finish commands and cases",
        .about = "'completion bash' prints what bash needs. 'completion cases' prints your cases, "
                 "as last seen, for as long as your key is unlocked.",
        .examples = "source <(sendline completion bash)",
        .min_args = 1,
        .max_args = 1,
        .run = cmd_completion,
    },
    {
        .name = "help",
        .args = "[COMMAND]",
        .group = "Setting up",
        .summary = "Help and examples for a command",
        .examples = "sendline help reply\n"
                    "sendline help cases add",
        .max_args = 2,
        .run = cmd_help,
    },
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);
