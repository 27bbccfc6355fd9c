using Orleans.Engine;
using Orleans.Hosting;

namespace Microsoft.Extensions.Hosting;

/// <summary>Puts a client of a cluster into a host, which takes a cluster.</summary>
public static class OrleansClientGenericHostExtensions
{
    public static IHostApplicationBuilder UseOrleansClient(this IHostApplicationBuilder hostAppBuilder) =>
        throw SingleProcess.Cannot(nameof(UseOrleansClient));

    public static IHostApplicationBuilder UseOrleansClient(
        this IHostApplicationBuilder hostAppBuilder, Action<IClientBuilder> configureDelegate) =>
        throw SingleProcess.Cannot(nameof(UseOrleansClient));

    public static HostApplicationBuilder UseOrleansClient(this HostApplicationBuilder hostAppBuilder) =>
        throw SingleProcess.Cannot(nameof(UseOrleansClient));

    public static HostApplicationBuilder UseOrleansClient(
        this HostApplicationBuilder hostAppBuilder, Action<IClientBuilder> configureDelegate) =>
        throw SingleProcess.Cannot(nameof(UseOrleansClient));

    public static IHostBuilder UseOrleansClient(this IHostBuilder hostBuilder) => throw SingleProcess.Cannot(nameof(UseOrleansClient));

    public static IHostBuilder UseOrleansClient(this IHostBuilder hostBuilder, Action<IClientBuilder> configureDelegate) =>
        throw SingleProcess.Cannot(nameof(UseOrleansClient));

    public static IHostBuilder UseOrleansClient(
        this IHostBuilder hostBuilder, Action<HostBuilderContext, IClientBuilder> configureDelegate) =>
        throw SingleProcess.Cannot(nameof(UseOrleansClient));
}
