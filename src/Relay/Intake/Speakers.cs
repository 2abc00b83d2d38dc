using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Intake;

/// <summary>Who may speak for a session by a file in queue/. The file says in whose name it speaks; whose it is, only the system says. The
/// owner of the home and root may speak for every session, another user for those that name him.</summary>
internal sealed class Speakers(SettingsSource settings)
{
    private const int WrittenByOthers = 0b000_010_010;

    public const string Closed = "queue: off in config.yaml, so no file is taken; sessions connect with a token";

    private RelayHome Home => settings.Current.Home;

    /// <summary>Why a file of this owner says nothing in this session's name; null when it may.</summary>
    public string? Refusal(SessionId session, uint owner)
    {
        if (Owners.MayCommand(owner, Home.Root))
            return null;
        var speaker = settings.Current.Config.Sessions.FirstOrDefault(listed => listed.SessionId == session.Value)?.User;
        return speaker == owner
            ? null
            : $"the file belongs to {Owners.Name(owner)}, who may not speak for {session}: "
                + $"in config.yaml, sessions: - {{session_id: {session}, user: NAME}} says who may";
    }

    /// <summary>A second name could have been given to a file of somebody else's, who meant nothing by it. Where only the owner of the home
    /// can put files into the queue, nobody else has.</summary>
    public string? NamesRefusal(FileFacts facts) => facts.Links > 1 && (Posix.Stat(Home.Queue)?.Mode & WrittenByOthers) != 0
        ? "the file has another name elsewhere (a hard link), so it is not known who has put it here"
        : null;
}
