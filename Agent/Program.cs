using Microsoft.Extensions.Logging;
using RPort.Agent;
using RPort.Agent.CommandLine;
using RPort.Agent.Configuration;
using RPort.Agent.Logging;

return await new AgentCommandLine(RunAsync, Console.Out, Console.Error).InvokeAsync(args, CancellationToken.None).ConfigureAwait(false);

static Task<int> RunAsync(LoadedConfiguration loaded, CancellationToken cancellationToken)
{
    ILogger logger = new LineLogger(Console.Out, loaded.Options.Logging.Level, TimeProvider.System);
    bool isRoot = !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;
    return new AgentHost(loaded.Options, loaded.File, logger, TimeProvider.System, isRoot).RunAsync(cancellationToken);
}
