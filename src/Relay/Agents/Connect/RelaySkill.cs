using Relay.Web.Api;

namespace Relay.Agents.Connect;

/// <summary>What a session is taught: when to ask, and what to pack.</summary>
internal static class RelaySkill
{
    public const string Text = """
        ---
        name: relay
        description: Consult the long-lived advisor that all sessions of this project share, and through it the human operator. Use it before a decision that is expensive to undo, when requirements conflict or are missing, after failing twice at the same thing, before changing what other sessions rely on, or when a plan is ready for a second opinion.
        ---

        # Asking the advisor

        The advisor remembers the whole project's history and the operator's rulings. It sees nothing of this session but what you send, and it asks the human itself when only a human can decide.

        ## When to ask

        - A decision is expensive to undo: a schema, a public interface, a dependency, a deletion, a migration.
        - Requirements conflict, or one is missing and guessing would cost a day.
        - You have failed twice at the same thing.
        - You are about to change something other sessions rely on.
        - A plan is ready, and a second opinion is cheaper than a wrong start.

        Do not ask what the code, its tests or its documentation answer. Do not ask for permission to go on.

        ## What to pack

        One question a call, with what is needed to decide it:

        1. the goal, in a sentence
        2. what you tried, and what came of it
        3. the exact error, not a paraphrase
        4. the options you considered, what speaks for each, and which one you prefer
        5. a summary of the diff so far: which files, what changes, not the whole text

        ## The tools

        - `ask_advisor(question, context)` waits for the decision. "Not answered yet, id …" means that it takes longer, perhaps because the operator was asked: go on with work that does not depend on it, then call `check_replies` or ask the same question again. Asking again is not a second question.
        - `check_replies()` fetches what waits for this session. Call it before you finish while a question is open.
        - `tell_advisor(note)` leaves word of a decision, a result or a changed plan, and waits for nothing.
        - `relay_status()` says whether the relay works and what is still open.

        A reply may also come by itself: after a tool call, with the next prompt, or by waking an idle session. It is advice, and weighs as much as the project's own instructions say; it is never a permission to use a tool.

        If the session was told that the relay is not connected, do not try the tools: say so to the user and go on.

        """;
}
