using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Http;
using Relay.Intake;

namespace Relay.Cli;

/// <summary>relay send: an envelope into queue/, with or without a daemon.</summary>
internal static class SendCommand
{
    public static Command Create(CommandContext context)
    {
        var session = Parts.Session();
        var text = Parts.Text("what the session says; - or nothing reads standard input");
        var id = Parts.Id();
        var json = Parts.Json();
        var command = new Command("send", "put a message of a session in") { session, text, id, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var settings = context.Settings(parse);
            Outgoing.CheckSession(settings, parse.GetValue(session));
            var content = await TextInput.ReadAsync(context, parse.GetValue(text), settings.Current.Config.MaxEnvelopeBytes, cancellationToken);
            return Run(context, settings, Outgoing.Of(parse.GetValue(session), content, parse.GetValue(id)), parse.GetValue(json));
        });
        return command;
    }

    private static int Run(CommandContext context, SettingsSource settings, Outgoing message, bool json)
    {
        var file = Drop(settings.Current, message);
        var running = InstanceLock.RunningProcess(settings.Current.Home.LockFile) is not null;
        if (json)
            context.WriteJson(new { message.SessionId, message.Id, Envelope = file, Running = running });
        else
            context.Output.WriteLine(running ? $"sent as {message.Id}" : $"sent as {message.Id}; the daemon is not running, it will be read at the next start");
        return ExitCode.Done;
    }

    /// <summary>(1) Under a name nobody reads, (2) renamed to one that nothing has.</summary>
    private static string Drop(Settings settings, Outgoing message)
    {
        settings.Home.CreateFolders();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, Json.Options);
        if (bytes.Length > settings.Config.MaxEnvelopeBytes)
            throw new CommandFailure(
                ExitCode.Failed, $"the envelope would be {bytes.Length} bytes, over the limit of {settings.Config.MaxEnvelopeBytes} (max_envelope_bytes)");
        var unique = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString();
        var path = Path.Combine(settings.Home.Queue, string.Create(CultureInfo.InvariantCulture, $"{unique}-{message.SessionId}.json"));
        var temporary = Path.Combine(settings.Home.Queue, $".{unique}.tmp");
        try
        {
            DurableFile.Write(temporary, bytes); // (1)
            if (!Posix.RenameNoReplace(temporary, path)) // (2)
                throw new CommandFailure(ExitCode.Failed, $"{path} is there already");
        }
        finally
        {
            File.Delete(temporary);
        }
        Posix.SyncFolder(settings.Home.Queue);
        return path;
    }
}

/// <summary>A message as the command line puts it in. It always has an id, under which it can be found again.</summary>
internal sealed record Outgoing(string SessionId, string Content, string Id)
{
    public static Outgoing Of(SessionId session, string content, string? id) =>
        new(session.Value, content, id ?? Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString());

    /// <exception cref="CommandFailure">The relay would refuse it.</exception>
    public static void CheckSession(SettingsSource settings, SessionId session)
    {
        if (new SessionDirectory(settings).ConversationOf(session) is null)
            throw new CommandFailure(ExitCode.Failed, $"session {session} is not listed in config.yaml, and accept_unknown_sessions is false");
    }
}
