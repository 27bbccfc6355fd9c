using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RPort.Interop.OpenSsh;

/// <summary>An <c>sshd</c> of our own on a loopback port, with its own host keys and settings, in the foreground.</summary>
internal sealed class OpenSshDaemon : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly Process _process;
    private readonly Task _log;

    private OpenSshDaemon(TemporaryFolder folder, Process process, Task log, int port)
    {
        _folder = folder;
        _process = process;
        _log = log;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The public host keys as OpenSSH prints their fingerprints.</summary>
    public IReadOnlyList<string> Fingerprints { get; private init; } = [];

    /// <summary>Starts a daemon and returns once it listens.</summary>
    /// <param name="account">The only account that may log in.</param>
    /// <param name="settings">Further lines of <c>sshd_config</c>.</param>
    public static async Task<OpenSshDaemon> StartAsync(SystemAccount account, params string[] settings)
    {
        var folder = new TemporaryFolder();
        string[] prints = [await MakeKeyAsync(folder["ecdsa"], "ecdsa", "256"), await MakeKeyAsync(folder["rsa"], "rsa", "2048")];
        int port = FreePort();
        string configuration = folder.WriteSecret("sshd_config", string.Join('\n', [
            .. settings,
            $"Port {port}", "ListenAddress 127.0.0.1", $"HostKey {folder["ecdsa"]}", $"HostKey {folder["rsa"]}", $"PidFile {folder["pid"]}",
            "PasswordAuthentication yes", "PubkeyAuthentication no", "KbdInteractiveAuthentication no", "UsePAM no", "StrictModes no",
            "PrintMotd no", "PrintLastLog no", "MaxStartups 100", "LogLevel INFO", $"AllowUsers {account.Name}", $"Subsystem sftp {OpenSshPrograms.SftpServer}", ""]));
        (string program, string[] arguments) = SystemAccount.RootCommand("/bin/sh", "-c", $"mkdir -p /run/sshd && exec '{OpenSshPrograms.Daemon}' -D -e -f '{configuration}'");
        Process process = Tool.Start(program, arguments);
        var listening = new TaskCompletionSource();
        var daemon = new OpenSshDaemon(folder, process, ReadLogAsync(process, listening), port) { Fingerprints = prints };
        try
        {
            await listening.Task.WaitAsync(TimeSpan.FromSeconds(30));
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // By root, since it may run under sudo; sessions still open end with their clients.
            (string program, string[] arguments) = SystemAccount.RootCommand("kill", await ProcessIdAsync());
            await Tool.RunAsync(program, arguments);
        }

        await _process.WaitForExitAsync();
        await _log;
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task<string> ProcessIdAsync() => File.Exists(_folder["pid"])
        ? (await File.ReadAllTextAsync(_folder["pid"])).Trim()
        : _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<string> MakeKeyAsync(string path, string type, string bits)
    {
        (await Tool.RunAsync(OpenSshPrograms.KeyGenerator, ["-q", "-t", type, "-b", bits, "-N", "", "-f", path])).Expect();
        return (await Tool.RunAsync(OpenSshPrograms.KeyGenerator, ["-l", "-f", path])).Expect().Text.Split(' ')[1];
    }

    /// <summary>Drains the log, or the daemon would block on a full pipe; the line that says it listens is what the start waits for.</summary>
    private static async Task ReadLogAsync(Process process, TaskCompletionSource listening)
    {
        List<string> lines = [];
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (line.Contains("Server listening", StringComparison.Ordinal))
            {
                listening.TrySetResult();
            }
        }

        listening.TrySetException(new InvalidOperationException($"sshd ended before it listened: {string.Join(" | ", lines)}"));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
