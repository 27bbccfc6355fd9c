using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RPort.Load.Server;

/// <summary>A gateway of our own: a child process with a data folder that goes with it. Can be killed and started again on the same ports.</summary>
internal sealed class GatewayProcess : IDisposable
{
    private readonly LoadSettings _settings;
    private readonly DirectoryInfo _folder;
    private readonly int _agentPort = FreePort();
    private readonly int _apiPort = FreePort();
    private Process? _process;

    public GatewayProcess(LoadSettings settings)
    {
        _settings = settings;
        _folder = settings.Folder.Length > 0 ? Directory.CreateDirectory(settings.Folder) : Directory.CreateTempSubdirectory("rport-load-");
        Start();
    }

    public int Id => _process!.Id;

    public Uri Agents => new($"ws://127.0.0.1:{_agentPort}");

    public Uri Api => new($"http://127.0.0.1:{_apiPort}");

    public bool HasExited => _process!.HasExited;

    /// <summary>Holds its data and logs. Goes with it unless it was asked for by name.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The gateway's own data.</summary>
    public string DataFolder => Path.Combine(Folder, "data");

    /// <summary>Where the gateway writes its log.</summary>
    public string LogFile => Path.Combine(_folder.FullName, "gateway.log");

    public void Start()
    {
        string program = Path.GetFullPath(_settings.Gateway);
        List<string> arguments =
        [
            .. program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? new[] { "dotnet", program } : [program],
            $"--Data:Folder={DataFolder}",
            $"--Api:Address=127.0.0.1:{_apiPort}",
            $"--Agents:Address=127.0.0.1:{_agentPort}",
            $"--Api:Auth={_settings.ApiAuth}",
            $"--Agents:Auth={_settings.AgentAuth}",
            .. _settings.GatewaySettings.Select(static setting => $"--{setting}"),
        ];

        // A shell takes the log, so that this process does not spend its time on it; exec keeps the process id.
        ProcessStartInfo start = new("/bin/sh") { WorkingDirectory = _folder.FullName };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("log=$1; shift; exec \"$@\" >> \"$log\" 2>&1");
        start.ArgumentList.Add("gateway");
        start.ArgumentList.Add(LogFile);
        arguments.ForEach(start.ArgumentList.Add);
        _process = Process.Start(start) ?? throw new LoadException("the gateway could not be started");
    }

    /// <summary>As <c>kill -9</c> does it.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
        {
            Kill();
        }

        if (_settings.Folder.Length == 0)
        {
            _folder.Delete(recursive: true);
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
