using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;
using RPort.Gateway.Access;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Agents.Credentials;

/// <summary>
/// Holds the valid credentials and follows the changes of their file. A file that cannot be read leaves the former set in force. The file is looked
/// at every second: notices of the file system are lost on network and container mounts.
/// </summary>
internal sealed class AgentCredentialStore : BackgroundService
{
    private const string GeneratedFile = "agent-auth.json";
    private const string GeneratedName = "agent";
    private const long MaxFileBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private readonly ILogger<AgentCredentialStore> _logger;
    private readonly AgentCredentials? _static;
    private readonly string _file;
    private FileStamp _stamp;
    private AgentCredentials _fromFile = AgentCredentials.ParseFile("{}"u8);

    /// <summary>Reads the configured credentials, or makes one. Throws what keeps the gateway from starting.</summary>
    public AgentCredentialStore(IOptions<AgentDoorOptions> options, TimeProvider clock, ILogger<AgentCredentialStore> logger)
    {
        _clock = clock;
        _logger = logger;
        AgentDoorOptions door = options.Value;
        _static = door.Auth.Length > 0 ? ParseStatic(door.Auth) : null;
        _file = door.AuthFile;
        if (_static is null && _file.Length == 0)
        {
            _file = Path.GetFullPath(Path.Combine(door.KeyFolder, GeneratedFile));
            Generate(_file);
        }

        if (_file.Length > 0)
        {
            _stamp = FileStamp.Of(_file);
            _fromFile = Read(_file);
            AgentDoorLog.CredentialsRead(_logger, _fromFile.Count, _file);
        }
    }

    /// <summary>Whether the name exists and the password is its own.</summary>
    public bool Verify(string name, string password)
    {
        // Both are always asked: the time must not tell which of them knows the name.
        bool known = _static is not null && _static.Verify(name, password);
        return Volatile.Read(ref _fromFile).Verify(name, password) | known;
    }

    /// <summary>Whether a credential of this name exists.</summary>
    public bool Contains(string name) => _static?.Contains(name) == true || Volatile.Read(ref _fromFile).Contains(name);

    /// <summary>Reads the file again if it has changed.</summary>
    public void Refresh()
    {
        FileStamp stamp = FileStamp.Of(_file);
        if (stamp == _stamp)
        {
            return;
        }

        _stamp = stamp;
        try
        {
            Volatile.Write(ref _fromFile, Read(_file));
            AgentDoorLog.CredentialsRead(_logger, _fromFile.Count, _file);
        }
        catch (ConfigurationMistakeException e)
        {
            AgentDoorLog.CredentialsUnreadable(_logger, e.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_file.Length == 0)
        {
            return;
        }

        using PeriodicTimer timer = new(PollInterval, _clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Refresh();
        }
    }

    private static AgentCredentials ParseStatic(string pair)
    {
        try
        {
            return AgentCredentials.ParsePair(pair);
        }
        catch (FormatException e)
        {
            throw new ConfigurationMistakeException($"{AgentDoorOptions.Section}:{nameof(AgentDoorOptions.Auth)} must have the form id:password: {e.Message}.");
        }
    }

    private static AgentCredentials Read(string file)
    {
        try
        {
            return new FileInfo(file).Length <= MaxFileBytes
                ? AgentCredentials.ParseFile(File.ReadAllBytes(file))
                : throw new FormatException($"it is longer than {MaxFileBytes} bytes");
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationMistakeException($"The file of agent credentials {file} cannot be used: {e.Message}.");
        }
    }

    private void Generate(string file)
    {
        if (!File.Exists(file))
        {
            string password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
            PrivateFile.Write(file, JsonSerializer.Serialize(new Dictionary<string, string> { [GeneratedName] = password }), overwrite: false);
            AgentDoorLog.CredentialMade(_logger, file);
        }
    }

    private readonly record struct FileStamp(DateTime WrittenAt, long Length)
    {
        public static FileStamp Of(string file)
        {
            FileInfo found = new(file);
            return found.Exists ? new FileStamp(found.LastWriteTimeUtc, found.Length) : default;
        }
    }
}
