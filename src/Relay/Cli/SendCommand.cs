using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Http;

namespace Relay.Cli;

/// <summary>relay send: puts an envelope into queue/, whether a daemon runs or not.</summary>
internal static class SendCommand
{
    public static Command Create(CommandContext context)
    {
        var session = CommonOptions.Session();
        var text = CommonOptions.Text("what the session says; - or no text reads standard input");
        var id = CommonOptions.Id();
        var json = CommonOptions.Json();
        var command = new Command("send", "send a message of a session") { session, text, id, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var speaker = CommonOptions.SessionOf(context, parse, session);
            var settings = context.Settings(parse);
            NewMessage.CheckSession(settings, speaker);
            if (!settings.Current.Config.TakesFiles)
                throw new CommandFailure(ExitCode.Failed, "queue: off in config.yaml, so no file is taken; relay ask needs none");
            var limit = settings.Current.Config.MaxEnvelopeBytes;
            var content = await TextInput.ReadAsync(context, parse.GetValue(text), limit, cancellationToken);
            var message = NewMessage.Of(speaker, content, parse.GetValue(id));
            if (parse.GetValue(id) is { } given
                && await UsedId.CheckAsync(settings, speaker, given, content, cancellationToken) is { } known)
                message = message with { MessageId = known }; // It is the same message again.
            return Run(context, settings, message, parse.GetValue(json));
        });
        return command;
    }

    private static int Run(CommandContext context, SettingsSource settings, NewMessage message, bool json)
    {
        var file = WriteEnvelope(settings.Current, message);
        var running = InstanceLock.RunningProcess(settings.Current.Home.LockFile) is not null;
        if (json)
            context.WriteJson(new { message.SessionId, Id = message.MessageId, Key = message.Id, Envelope = file, Running = running });
        else if (running)
            context.Output.WriteLine($"sent as {message.MessageId}");
        else
            context.Output.WriteLine($"sent as {message.MessageId}; the daemon is not running, it will be read at the next start");
        return ExitCode.Done;
    }

    /// <summary>(1) Write it under a name that the daemon ignores, (2) rename it to a new name.</summary>
    private static string WriteEnvelope(Settings settings, NewMessage message)
    {
        settings.Home.CreateFolders();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, Json.Options);
        var limit = settings.Config.MaxEnvelopeBytes;
        if (bytes.Length > limit)
            throw new CommandFailure(
                ExitCode.Failed, $"the envelope would be {bytes.Length} bytes, over the limit of {limit} (max_envelope_bytes)");
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

/// <summary>A message that the command line sends.</summary>
/// <param name="SessionId">Who speaks.</param>
/// <param name="Content">What.</param>
/// <param name="Id">Sent again under the same key, it is the same message.</param>
/// <param name="MessageId">What the message is called from now on, wherever it is shown.</param>
internal sealed record NewMessage(string SessionId, string Content, string Id, string MessageId)
{
    public static NewMessage Of(SessionId session, string content, string? key)
    {
        var id = Conversations.MessageId.New(TimeProvider.System.GetUtcNow()).Value;
        return new NewMessage(session.Value, content, key ?? id, id);
    }

    /// <exception cref="CommandFailure">The relay would refuse it.</exception>
    public static void CheckSession(SettingsSource settings, SessionId session)
    {
        if (new SessionDirectory(settings).Refusal(session) is { } reason)
            throw new CommandFailure(ExitCode.Failed, reason);
    }
}
