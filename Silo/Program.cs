using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using RPort.Silo.Configuration;
using RPort.Silo.Hosting;

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

    IConfigurationRoot settings = new ConfigurationBuilder().AddRPortSources(args).Build();
    UnknownKeys.Refuse(settings, builder.Services.KnownSections());
    builder.Configuration.AddConfiguration(settings);
    builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddSimpleConsole(options => options.SingleLine = true);
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
catch (ConfigurationMistakeException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (RPort.Silo.Storage.GrainStorageException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
