namespace RPort.Gateway.Configuration;

internal static class GatewayOptionsExtensions
{
    /// <summary>Binds an options class to a section, has it validated at start, and makes its keys known to <c>--help</c> and the check for unknown keys.</summary>
    public static IServiceCollection AddGatewayOptions<T>(this IServiceCollection services, string section)
        where T : class => services.AddCheckedOptions<T>(section);
}
