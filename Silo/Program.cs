using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using RPort.Silo.Configuration;
using RPort.Silo.Hosting;
using RPort.Silo.Storage;

const string Purpose = "RPort silo: holds the grains of a cluster. A single process needs none: there the gateway holds its own.";
try
{
    WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
    builder.Services.AddCheckedOptions<DataOptions>(DataOptions.Section);
    builder.Services.AddRPortSiloOptions();
    builder.Services.AddCheckedOptions<HealthOptions>(HealthOptions.Section);
    if (HelpText.IsAskedFor(args))
    {
        Console.Write(HelpText.Of("RPort.Silo", Purpose, builder.Services.KnownSections()));
        return 0;
    }

    if (ProgramVersion.IsAskedFor(args))
    {
        Console.WriteLine($"RPort.Silo {ProgramVersion.Current}");
        return 0;
    }

    IConfigurationRoot settings = new ConfigurationBuilder().AddRPortSources(args).Build();
    UnknownKeys.Refuse(settings, builder.Services.KnownSections());
    builder.Configuration.AddConfiguration(settings);
    builder.Logging.AddQuietEngine().AddConfiguration(builder.Configuration.GetSection("Logging")).AddSimpleConsole(options => options.SingleLine = true);
    builder.AddRPortSilo(holdsGateway: false);
    builder.Services.AddRouting();
    builder.WebHost.UseKestrelCore().UseUrls(EarlyOptions.Read<HealthOptions>(builder.Configuration, HealthOptions.Section).Url);

    WebApplication app = builder.Build();
    app.UseRouting();
    app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }); // answers at all
    app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(HealthTags.Ready) });
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
