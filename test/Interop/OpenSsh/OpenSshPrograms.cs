namespace RPort.Interop.OpenSsh;

/// <summary>
/// Where the programs of OpenSSH are. A missing one fails the test that asks for it: an interop test that passes without its judge is worth nothing.
/// </summary>
internal static class OpenSshPrograms
{
    public static string Ssh => Find("ssh", "/usr/bin/ssh");

    public static string Sftp => Find("sftp", "/usr/bin/sftp");

    public static string Scp => Find("scp", "/usr/bin/scp");

    public static string KeyGenerator => Find("ssh-keygen", "/usr/bin/ssh-keygen");

    public static string Daemon => Find("sshd", "/usr/sbin/sshd");

    public static string SftpServer => Find("sftp-server", "/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server");

    private static string Find(string name, params string[] places) =>
        places.FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"OpenSSH's {name} is not installed; run infra/build/install-test-tools.sh. Looked at {string.Join(", ", places)}.");
}
