using System.Buffers.Binary;
using System.Text;
using RPort.Ssh;
using RPort.Ssh.Sftp;

namespace RPort.Interop.OurServer;

/// <summary>One <c>session</c> channel (RFC 4254 section 6): waits for exec, shell or subsystem and does that.</summary>
internal sealed class SessionChannel(SshChannel channel, SftpServer files)
{
    private readonly TaskCompletionSource<(string Type, string Text)> _start = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        channel.RequestHandler = OnRequestAsync;
        (string type, string text) = await _start.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        uint status = type switch
        {
            "subsystem" => await ServeFilesAsync(cancellationToken),
            "exec" => await BuiltInCommands.RunAsync(text, channel, cancellationToken),
            _ => await ShellAsync(cancellationToken),
        };
        await channel.SendExitStatusAsync(status, cancellationToken);
        await channel.SendEofAsync(cancellationToken);
    }

    private ValueTask<bool> OnRequestAsync(SshChannelRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(request.Type switch
    {
        "env" or "pty-req" => true,
        "shell" => _start.TrySetResult((request.Type, "")),
        "exec" => _start.TrySetResult((request.Type, Text(request.Payload.Span))),
        "subsystem" => Text(request.Payload.Span) == "sftp" && _start.TrySetResult((request.Type, "sftp")),
        _ => false,
    });

    private static string Text(ReadOnlySpan<byte> payload) =>
        Encoding.UTF8.GetString(payload.Slice(4, BinaryPrimitives.ReadInt32BigEndian(payload)));

    /// <summary>Status 0 even so: <c>scp</c> takes the absence of one for a failure.</summary>
    private async Task<uint> ServeFilesAsync(CancellationToken cancellationToken)
    {
        await files.ServeAsync(channel, cancellationToken);
        return 0;
    }

    /// <summary>Runs each line it is given; the last one's status is the shell's.</summary>
    private async Task<uint> ShellAsync(CancellationToken cancellationToken)
    {
        uint status = 0;
        using var lines = new StreamReader(channel.AsStream(), leaveOpen: true);
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            status = await BuiltInCommands.RunAsync(line, channel, cancellationToken);
        }

        return status;
    }
}
