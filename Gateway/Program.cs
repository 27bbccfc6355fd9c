using Microsoft.Extensions.Options;
using RPort.Gateway;
using RPort.Silo.Configuration;
using RPort.Silo.Hosting;
using RPort.Silo.Storage;

// Before the first socket: what waits for one runs where the system reports it. Agents' packets profit; requests of the API still go to the pool.
const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
Environment.SetEnvironmentVariable(InlineCompletions, Environment.GetEnvironmentVariable(InlineCompletions) ?? "1");

try
{
    if (HelpText.IsAskedFor(args))
    {
        Console.Write(HelpText.Of("RPort.Gateway", "RPort gateway: agents connect to it, operators use its REST API.", GatewayHost.CreateBuilder([]).Services.KnownSections()));
        return 0;
    }

    if (ProgramVersion.IsAskedFor(args))
    {
        Console.WriteLine($"RPort.Gateway {ProgramVersion.Current}");
        return 0;
    }

    await using WebApplication app = GatewayHost.Build(GatewayHost.CreateBuilder(args));
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is ConfigurationMistakeException or OptionsValidationException or FileNotFoundException or InvalidDataException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 78; // EX_CONFIG: restarting does not help
}
catch (Exception e) when (Unavailable(e) is { } unavailable)
{
    await Console.Error.WriteLineAsync(unavailable.Message);
    return ServiceUnavailableException.ExitCode;
}
catch (Exception e) when (e is GrainStorageException or IOException)
{
    await Console.Error.WriteLineAsync(e.Message); // such as a port in use, or data that another process has open
    return 1;
}

// Hosted services that start beside each other fail as one.
static ServiceUnavailableException? Unavailable(Exception e) => e as ServiceUnavailableException
    ?? (e as AggregateException)?.Flatten().InnerExceptions.OfType<ServiceUnavailableException>().FirstOrDefault();
