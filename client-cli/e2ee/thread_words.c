/* What to tell people: why an entry was refused, why nothing can be sent. */
#include <string.h>

#include "e2ee/thread_state.h"

#define TELL " Tell the service manager."

static const struct {
    const char *reason, *sentence;
} refusals[] = {
    {"length", "It has not the form of an entry." TELL},
    {"version", "It has a form that this version of sendline does not know. Look for a newer one."},
    {"type", "It is of a sort that this version of sendline does not know. Look for a newer one."},
    {"thread", "It belongs to another conversation." TELL},
    {"entry-id-used", "It is an entry that is here already, given a second time." TELL},
    {"body-withheld", "Its words are missing, and its author did not take them back." TELL},
    {"prev-seq", "It belongs to another history of this conversation than this one." TELL},
    {"prev-link", "It belongs to another history of this conversation than this one." TELL},
    {"own-order", "It was let in after something that its author wrote later." TELL},
    {"not-next", "Two entries were made at the same moment, and this one came second. Whoever "
                 "made it can make it again."},
    {"unknown-author", "Its author is neither a colleague nor the parent." TELL},
    {"left", "Its author had left." TELL},
    {"signature", "Its author did not sign it, or it was altered." TELL},
    {"no-keys", "It is said to be from a parent who has not come in yet." TELL},
    {"side", "Its author may not make an entry of this sort." TELL},
    {"not-key-first", "A conversation begins with a key, and this is none." TELL},
    {"generation", "It is locked with another key than the one in force. Its author can send it "
                   "again."},
    {"roster-older",
     "It is a new key by an old list of colleagues. The key before stays in force."},
    {"roster-differs", "It is a new key by another list of colleagues than the one here." TELL},
    {"grants", "It is a new key that leaves somebody out or lets somebody in. The key before stays "
               "in force." TELL},
    {"grant-holder", "It is a new key for somebody who is not, or not any more, part of this. The "
                     "key before stays in force." TELL},
    {"team-changed", "It hands this conversation to another team, and nobody here has agreed to "
                     "that." TELL},
    {"own-grant", "It is a new key that does not open here. The next one mends it."},
    {"previous", "It is a new key that does not carry the one before. The next one mends it."},
    {"key-not-shown", "It is an invitation by somebody who has not shown that they can open this "
                      "conversation." TELL},
    {"parent-id", "It invites somebody else than the parent of this conversation." TELL},
    {"invite-unknown", "Somebody wants to come in by an invitation that there is not." TELL},
    {"invite-used", "Somebody wants to come in by an invitation that was used." TELL},
    {"invite-ended", "Somebody wants to come in by an invitation that has ended." TELL},
    {"inviter-left", "Somebody wants to come in by an invitation from a colleague who has left. "
                     "Invite the parent again."},
    {"proof", "Somebody wants to come in without the secret of the invitation." TELL},
    {"box-key", "The parent's new key is of no use. Invite the parent again."},
    {"does-not-open", "It does not open with the key of this conversation. Its author can send it "
                      "again."},
    {"no-key", "You have not got the key that opens it. A colleague who has can make a new one."},
    {"plaintext", "What is in it has not the form of a message." TELL},
    {"may-not-send", "Its author may not send a message of this kind." TELL},
    {"retract", "It takes back something that is not a message of its author." TELL},
};

const char *e2_reason_sentence(const char *reason)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(refusals[i].reason, reason) == 0) {
            return refusals[i].sentence;
        }
    }
    return "";
}

static const struct {
    const char *name, *sentence;
} sends[] = {
    [E2_SEND_YES] = {"yes", "You can write here."},
    [E2_SEND_ANOTHER_HISTORY] =
        {"another-history",
         "The service gives another history of this conversation than you have seen before. "
         "Nothing "
         "can be sent in it. Tell the service manager; the way on is a new conversation."},
    [E2_SEND_HISTORIES_DIFFER] =
        {"histories-differ",
         "You and somebody else were shown different histories of this conversation. Nothing can "
         "be "
         "sent in it. Tell the service manager; the way on is a new conversation."},
    [E2_SEND_NOT_COMPLETE] = {"not-complete",
                              "Not everything in this conversation has arrived yet. Try again."},
    [E2_SEND_NEWER_ROSTER] = {"newer-roster",
                              "This conversation goes by a newer list of colleagues "
                              "than the service gives. Try again in a minute."},
    [E2_SEND_TRUST_ALARM] = {"trust-alarm",
                             "Something is wrong with the list of colleagues. Send nothing, and "
                             "tell the service manager."},
    [E2_SEND_ROSTER_EXPIRED] = {"roster-expired", "The list of colleagues is past its end. Nothing "
                                                  "can be sent until the service manager renews "
                                                  "it."},
    [E2_SEND_NOT_IN_ROSTER] =
        {"not-in-roster", "The list of colleagues does not name you. If that is a mistake, tell "
                          "the service manager."},
    [E2_SEND_NO_KEY] = {"no-key",
                        "You have not got the key of this conversation. A colleague of the "
                        "team that has it can make a new one."},
    [E2_SEND_KEYS_REPLACED] = {"keys-replaced", "Other keys hold here now than yours. Sign in "
                                                "again."},
};

const char *e2_send_name(enum e2_send send)
{
    return sends[send].name;
}

const char *e2_send_sentence(enum e2_send send)
{
    return sends[send].sentence;
}
