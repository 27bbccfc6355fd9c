using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using RPort.Agent.Configuration;
using RPort.Protocol;

namespace RPort.Agent.Connection;

/// <summary>Dials a gateway: TCP (through a proxy where one is configured), TLS for <c>wss</c>, and the upgrade to a WebSocket.</summary>
internal sealed class GatewayDialer(ClientOptions client, ConnectionOptions connection, string userAgent)
{
    /// <summary>A duplex byte stream to the gateway, owned by the caller.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="cancellationToken">Covers every step.</param>
    /// <exception cref="DialException">It cannot be reached, or does not speak our sub-protocol.</exception>
    public async Task<Stream> DialAsync(ServerAddress server, CancellationToken cancellationToken)
    {
        // One handler per connection: it owns the one TCP connection and goes with it.
        HttpMessageInvoker invoker = new(CreateHandler(), disposeHandler: true);
        ClientWebSocket socket = new();
        try
        {
            socket.Options.AddSubProtocol(RequestNames.WebSocketProtocol);
            socket.Options.KeepAliveInterval = TimeSpan.Zero; // SSH asks for signs of life; existing gateways know no WebSocket pings
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("User-Agent", userAgent);
            foreach ((string name, string value) in connection.Headers)
            {
                socket.Options.SetRequestHeader(name, value);
            }

            if (connection.Hostname.Length > 0)
            {
                socket.Options.SetRequestHeader("Host", connection.Hostname);
            }

            await socket.ConnectAsync(server.Uri, invoker, cancellationToken).ConfigureAwait(false);
            socket.HttpResponseHeaders = null; // not kept for as long as the connection lives
            return new WebSocketByteStream(socket, invoker);
        }
        catch (Exception error)
        {
            RetryConditionHeaderValue? retryAfter = RetryAfter(socket);
            socket.Dispose();
            invoker.Dispose();
            if (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(error.Message, error, cancellationToken);
            }

            if (error is WebSocketException or HttpRequestException or IOException)
            {
                throw new DialException($"{server} cannot be reached", error) { RetryAfter = retryAfter };
            }

            throw;
        }
    }

    /// <summary>When a gateway that is busy, or a proxy in front of it, wants to be tried again.</summary>
    private static RetryConditionHeaderValue? RetryAfter(ClientWebSocket socket) =>
        socket.HttpStatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests
        && socket.HttpResponseHeaders is { } headers
        && headers.FirstOrDefault(static header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault() is { } text
        && RetryConditionHeaderValue.TryParse(text, out RetryConditionHeaderValue? parsed) ? parsed : null;

    private SocketsHttpHandler CreateHandler()
    {
        SocketsHttpHandler handler = new()
        {
            UseCookies = false,
            AllowAutoRedirect = false,
            UseProxy = false,
            ConnectTimeout = connection.ConnectTimeout,
            ConnectCallback = new LocalEndpoint(client.BindAddress, client.BindInterface).ConnectAsync,
        };
        if (client.Proxy.Length > 0 && ProxyAddress.TryParse(client.Proxy, out ProxyAddress? proxy, out _))
        {
            handler.UseProxy = true;
            handler.Proxy = new WebProxy(proxy.Uri) { Credentials = proxy.Credential };
        }

        return handler;
    }
}

/// <summary>A gateway cannot be reached. Expected: the caller tries again later.</summary>
internal sealed class DialException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>When it asked to be tried again, if it answered that it is busy and said so.</summary>
    public RetryConditionHeaderValue? RetryAfter { get; init; }
}
