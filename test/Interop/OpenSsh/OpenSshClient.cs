using System.Diagnostics;
using System.Globalization;
using RPort.Ssh;

namespace RPort.Interop.OpenSsh;

/// <summary>Runs <c>ssh</c>, <c>sftp</c> and <c>scp</c> against one server on loopback, logging in by password through an askpass script.</summary>
internal sealed class OpenSshClient : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _port;
    private readonly string _userName;
    private readonly Dictionary<string, string> _environment;

    /// <param name="port">Where the server listens.</param>
    /// <param name="userName">Who logs in.</param>
    /// <param name="password">With what.</param>
    /// <param name="hostKeys">The host keys trusted; any other ends the connection.</param>
    public OpenSshClient(int port, string userName, string password, params IEnumerable<SshHostKeyFingerprint> hostKeys)
    {
        _port = port;
        _userName = userName;
        string secret = _folder.WriteSecret("password", password);
        string askPass = _folder.WriteSecret(
            "askpass", $"#!/bin/sh\ncat '{secret}'\n", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _folder.WriteSecret("known_hosts", string.Concat(hostKeys.Select(key => $"[127.0.0.1]:{port} {key.Algorithm} {Convert.ToBase64String(key.Blob)}\n")));
        _environment = new() { ["SSH_ASKPASS"] = askPass, ["SSH_ASKPASS_REQUIRE"] = "force", ["LC_ALL"] = "C" };
    }

    public Task<ToolResult> SshAsync(string? command, string[]? options = null, ReadOnlyMemory<byte> input = default) =>
        Tool.RunAsync(OpenSshPrograms.Ssh, SshArguments(command, options ?? []), input, _environment);

    /// <summary>An <c>ssh</c> whose end the caller looks after.</summary>
    public Process StartSsh(string command, params string[] options) => Tool.Start(OpenSshPrograms.Ssh, SshArguments(command, options), _environment);

    /// <summary>Runs the lines as an <c>sftp</c> batch: the first that fails ends it with exit code 1.</summary>
    public Task<ToolResult> SftpAsync(string batch, params string[] options) =>
        Tool.RunAsync(OpenSshPrograms.Sftp, SftpArguments(batch, options), environment: _environment);

    /// <summary>An <c>sftp</c> whose end the caller looks after.</summary>
    public Process StartSftp(string batch) => Tool.Start(OpenSshPrograms.Sftp, SftpArguments(batch, []), _environment);

    /// <summary>Runs <c>scp -s</c>, which is SFTP. A path that begins with a colon is one on the server.</summary>
    public Task<ToolResult> ScpAsync(string from, string to) => Tool.RunAsync(
        OpenSshPrograms.Scp,
        ["-s", "-F", "none", .. CommonOptions, "-P", Number(_port), Remote(from), Remote(to)],
        environment: _environment);

    public void Dispose() => _folder.Dispose();

    private string[] CommonOptions =>
    [
        "-o", $"UserKnownHostsFile={_folder["known_hosts"]}", "-o", "GlobalKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=yes",
        "-o", "PreferredAuthentications=password", "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=30",
        "-o", "IdentityAgent=none", "-o", "UpdateHostKeys=no",
    ];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Remote(string path) => path.StartsWith(':') ? $"{_userName}@127.0.0.1{path}" : path;

    private string[] SftpArguments(string batch, string[] options)
    {
        string file = _folder.WriteSecret($"batch-{Guid.NewGuid():N}", batch);

        // -b forbids asking for a password; the first value of an option wins, so this stands before it.
        return ["-F", "none", "-o", "BatchMode=no", .. CommonOptions, .. options, "-P", Number(_port), "-b", file, $"{_userName}@127.0.0.1"];
    }

    private IEnumerable<string> SshArguments(string? command, string[] options) =>
        ["-F", "none", .. options, .. CommonOptions, "-p", Number(_port), $"{_userName}@127.0.0.1", .. command is null ? Array.Empty<string>() : [command]];
}
