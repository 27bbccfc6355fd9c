using System.Text.Json;

namespace RPort.Gateway.Json;

/// <summary>The body of every success: <c>{"data": …}</c>.</summary>
internal sealed record DataBody<T>(T Data);

/// <summary>The body of every list: <c>{"data": […], "meta": {"count": N}}</c>, N counting all matches and not the page.</summary>
internal sealed record ListBody<T>(IReadOnlyCollection<T> Data, ListMeta Meta);

/// <summary>What is said about a list.</summary>
internal sealed record ListMeta(int Count);

/// <summary>A successful answer.</summary>
internal sealed class Answer : IResult
{
    private readonly object _body;

    private Answer(object body) => _body = body;

    public static Answer Of<T>(T data) => new(new DataBody<T>(data));

    public static Answer List<T>(IReadOnlyCollection<T> page, int total) => new(new ListBody<T>(page, new ListMeta(total)));

    public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, StatusCodes.Status200OK, _body);

    public static async Task WriteAsync(HttpContext context, int status, object body)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), GatewayJson.Options);
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = GatewayJson.ContentType;
        response.ContentLength = json.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(json, context.RequestAborted);
        }
    }
}
