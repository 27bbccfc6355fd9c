using Microsoft.Extensions.Logging;
using RPort.Agent.Configuration;
using RPort.Agent.Logging;

namespace RPort.Agent.Tests.Kit;

/// <summary>The whole agent in the test's own process.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly LogText _log = new();
    private readonly TempFolder _folder = new();
    private readonly Task<int> _running;

    public RunningAgent(AgentOptions options, bool isRoot = false)
    {
        options.Client.DataDir = _folder["data"];
        _running = new AgentHost(options, null, new LineLogger(_log, LogLevel.Debug, TimeProvider.System), TimeProvider.System, isRoot).RunAsync(_stop.Token);
    }

    public Task<int> ExitCode => _running.WaitAsync(TimeSpan.FromSeconds(20));

    public string Log => _log.ToString();

    public static AgentOptions Options(string fingerprint, params string[] servers)
    {
        AgentOptions options = new();
        options.Client.Server = servers[0];
        options.Client.FallbackServers = servers[1..];
        options.Client.Fingerprint = fingerprint;
        options.Client.Auth = FakeGateway.Auth;
        options.Client.Id = "agent-1";
        options.Client.Name = "agent one";
        options.Client.AllowRoot = true;
        options.Connection.MaxRetryInterval = TimeSpan.FromMilliseconds(200);
        return options;
    }

    public async Task StopAsync() => await _stop.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await ExitCode;
        _stop.Dispose();
        _folder.Dispose();
        await _log.DisposeAsync();
    }

    /// <summary>Can be read while it is written.</summary>
    private sealed class LogText : TextWriter
    {
        private readonly System.Text.StringBuilder _text = new();

        public override System.Text.Encoding Encoding => System.Text.Encoding.UTF8;

        public override void Write(char value)
        {
            lock (_text)
            {
                _text.Append(value);
            }
        }

        public override string ToString()
        {
            lock (_text)
            {
                return _text.ToString();
            }
        }
    }
}
