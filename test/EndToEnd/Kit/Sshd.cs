namespace RPort.EndToEnd.Kit;

/// <summary>An OpenSSH daemon on loopback for this test's own user, who logs in by a key made here.</summary>
internal sealed class Sshd : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private ChildProcess _process = null!;

    public int Port { get; } = Loopback.FreePort();

    /// <summary>Options that make ssh, scp and rsync log in there, whatever port leads to it.</summary>
    public string[] ClientOptions =>
    [
        "-F", "none", "-i", _folder["user"], "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "HostKeyAlias=behind-nat",
        "-o", $"UserKnownHostsFile={_folder["known"]}", "-o", "GlobalKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=20",
    ];

    public static async Task<Sshd> StartAsync()
    {
        Sshd daemon = new();
        try
        {
            await daemon.KeyAsync("host");
            await daemon.KeyAsync("user");
            File.WriteAllText(daemon._folder["known"], $"behind-nat {File.ReadAllText(daemon._folder["host.pub"])}");
            File.WriteAllLines(daemon._folder["config"],
            [
                $"Port {daemon.Port}", "ListenAddress 127.0.0.1", $"HostKey {daemon._folder["host"]}", $"PidFile {daemon._folder["pid"]}",
                $"AuthorizedKeysFile {daemon._folder["user.pub"]}", "PermitRootLogin prohibit-password", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
                "UsePAM no", "StrictModes no", "MaxStartups 100", $"Subsystem sftp internal-sftp",
            ]);
            daemon._process = new ChildProcess("sshd", "/bin/sh", ["-c", $"mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f '{daemon._folder["config"]}'"]);
            await daemon._process.LineAsync(line => line.Contains("Server listening", StringComparison.Ordinal), TimeSpan.FromSeconds(20));
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
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task KeyAsync(string name)
    {
        await using ChildProcess keygen = new("ssh-keygen", "ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-f", _folder[name]]);
        await keygen.ExitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, keygen.ExitCode);
    }
}
