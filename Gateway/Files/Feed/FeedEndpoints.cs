using System.Net.WebSockets;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using RPort.Gateway.Errors;
using RPort.Gateway.Operations;

namespace RPort.Gateway.Files.Feed;

/// <summary>/ws/uploads: results as they come, and the page to watch them by hand.</summary>
internal static class FeedEndpoints
{
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(15);

    public static IServiceCollection AddUploadFeed(this IServiceCollection services)
    {
        services.AddSingleton<UploadFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<UploadFeed>());
        services.Configure<WebSocketOptions>(sockets =>
        {
            sockets.KeepAliveInterval = TimeSpan.FromSeconds(30); // a ping; one that is not answered ends the connection
            sockets.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        });
        return services;
    }

    public static void MapUploadFeed(this IEndpointRouteBuilder api)
    {
        api.MapGet("/ws/uploads", ListenAsync).WithTags("Files").RequireAuthorization().WithName("ListenToUploads").WithSummary("WebSocket: results of pushes as they come")
            .WithDescription("One text frame per client and push: `{\"client_id\",\"uuid\",\"filepath\",\"size\",\"message\",\"status\"}` and a line feed, "
                + "with `progress` also `{\"client_id\",\"uuid\",\"status\":\"progress\",\"bytes\",\"total_bytes\"}`. "
                + "and `{\"status\":\"gap\"}` where this gateway was out of touch with the feed: read the pushes you wait for by `GET /files/{uuid}` then. "
                + "A listener that does not read is dropped with close code 1008.")
            .WithMetadata(
                new QueryField("progress", "True: tell progress as well.", JsonSchemaType.Boolean),
                new QueryField("access_token", "The token, where a header cannot be set."))
            .Produces(StatusCodes.Status101SwitchingProtocols).Fails(400, 503);
        // How HTTP/2 opens a WebSocket.
        api.MapMethods("/ws/uploads", [HttpMethods.Connect], ListenAsync).RequireAuthorization().ExcludeFromDescription();
        if (api.ServiceProvider.GetRequiredService<IOptions<FilesOptions>>().Value.EnableTestPage)
        {
            api.MapGet("/test/uploads/ui", () => Results.Text(TestPage.Html, "text/html; charset=utf-8")).AllowAnonymous().ExcludeFromDescription();
        }
    }

    private static async Task<IResult> ListenAsync(HttpContext context, UploadFeed feed, IOptions<FilesOptions> options, IHostApplicationLifetime lifetime)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return ApiFailure.BadRequest("a WebSocket is expected here");
        }

        if (feed.Listeners >= options.Value.MaxFeedListeners)
        {
            return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "too many listeners");
        }

        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        bool progress = context.Request.Query["progress"] == "true";
        var listener = new FeedListener(socket, progress, options.Value.FeedQueue, SendTimeout);
        if (feed.TryAdd(listener))
        {
            try
            {
                await listener.RunAsync(lifetime.ApplicationStopping);
            }
            finally
            {
                feed.Remove(listener);
            }
        }

        return Results.Empty;
    }
}
