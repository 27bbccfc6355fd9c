using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace RPort.Gateway.Listeners;

/// <summary>The two doors of the gateway. What is served on one is never answered on the other.</summary>
internal enum ListenerKind
{
    Agents,
    Api,
}

/// <summary>On every connection: the listener that accepted it. Set by the listener itself, so that it holds for any port and behind any address.</summary>
internal sealed record ListenerFeature(ListenerKind Kind);

internal static class ListenerFeatureExtensions
{
    /// <summary>Marks every connection of this listener.</summary>
    public static void Mark(this ListenOptions listen, ListenerKind kind)
    {
        var feature = new ListenerFeature(kind);
        listen.Use(next => (ConnectionContext connection) =>
        {
            connection.Features.Set(feature);
            return next(connection);
        });
    }

    /// <summary>True where the request came in by the agent port.</summary>
    public static bool IsOnAgentPort(this HttpContext context) =>
        context.Features.Get<ListenerFeature>() is { Kind: ListenerKind.Agents };
}
