using Microsoft.Extensions.Logging;
using RPort.Agent;
using RPort.Agent.CommandLine;
using RPort.Agent.Configuration;
using RPort.Agent.Logging;

// Before the first socket: what waits for one runs where the system reports it. Relays and the SSH layer do not block; files are the pool's matter.
const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
Environment.SetEnvironmentVariable(InlineCompletions, Environment.GetEnvironmentVariable(InlineCompletions) ?? "1");

return await new AgentCommandLine(RunAsync, Console.Out, Console.Error).InvokeAsync(args, CancellationToken.None).ConfigureAwait(false);

static Task<int> RunAsync(LoadedConfiguration loaded, CancellationToken cancellationToken)
{
    ILogger logger = new LineLogger(Console.Out, loaded.Options.Logging.Level, TimeProvider.System);
    bool isRoot = !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;
    return new AgentHost(loaded.Options, loaded.File, logger, TimeProvider.System, isRoot).RunAsync(cancellationToken);
}
