using System.Security.Cryptography;

namespace RPort.Interop.OpenSsh;

/// <summary>
/// A throw-away account of this machine with a password, which <c>sshd</c> insists on. Made by root, or through <c>sudo -n</c>; removed at the end,
/// and so are those that killed runs left behind.
/// </summary>
public sealed class SystemAccount : IAsyncLifetime
{
    private const string Prefix = "rport-it-";
    private TemporaryFolder? _folder;

    public string Name { get; } = Prefix + Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public string Password { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));

    /// <summary>A folder the account may write to.</summary>
    public string Home => _folder!["home"];

    public async Task InitializeAsync()
    {
        foreach (string stale in File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).Where(IsStale).ToArray())
        {
            await AsRootAsync("userdel", stale);
        }

        _folder = new TemporaryFolder();
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(Home);
        (await AsRootAsync("useradd", "--no-create-home", "--home-dir", Home, "--shell", "/bin/sh", Name)).Expect();
        (await AsRootAsync(System.Text.Encoding.UTF8.GetBytes($"{Name}:{Password}\n"), "chpasswd")).Expect();
        (await AsRootAsync("chown", Name, Home)).Expect();
    }

    public async Task DisposeAsync()
    {
        await AsRootAsync("userdel", Name);
        if (_folder is not null)
        {
            await AsRootAsync("rm", "-rf", _folder.Path);
        }
    }

    /// <summary>The command line that runs a program as root.</summary>
    internal static (string Program, string[] Arguments) RootCommand(string program, params string[] arguments) =>
        Environment.UserName == "root" ? (program, arguments) : ("sudo", ["-n", program, .. arguments]);

    private static bool IsStale(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && !Directory.Exists($"/proc/{name[Prefix.Length..]}");

    private static Task<ToolResult> AsRootAsync(string program, params string[] arguments) => AsRootAsync([], program, arguments);

    private static Task<ToolResult> AsRootAsync(byte[] input, string program, params string[] arguments)
    {
        (string run, string[] with) = RootCommand(program, arguments);
        return Tool.RunAsync(run, with, input);
    }
}
