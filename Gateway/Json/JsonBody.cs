using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using RPort.Gateway.Errors;

namespace RPort.Gateway.Json;

/// <summary>Reads a small JSON request body strictly: nothing unknown, nothing missing, nothing over the limit.</summary>
internal static partial class JsonBody
{
    /// <summary>Requests that are JSON are a few fields; files travel as multipart.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The body as <typeparamref name="T"/>, or an <see cref="ApiFailureException"/> (400, 413, 415).</summary>
    public static async Task<T> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        if (request.ContentType is { Length: > 0 } && !request.HasJsonContentType())
        {
            throw new ApiFailureException(ApiFailure.Of(
                StatusCodes.Status415UnsupportedMediaType, "unsupported media type", "the body must be application/json", ApiErrorCode.UnsupportedMediaType));
        }

        using IMemoryOwner<byte> rented = MemoryPool<byte>.Shared.Rent(MaxBytes + 1);
        int length = await request.Body.ReadAtLeastAsync(rented.Memory[..(MaxBytes + 1)], MaxBytes + 1, throwOnEndOfStream: false, cancellationToken);
        if (length == 0)
        {
            throw new ApiFailureException(ApiFailure.BadRequest("Missing body with json data.", "a JSON object is expected", ApiErrorCode.MissingBody));
        }

        if (length > MaxBytes)
        {
            throw Invalid("http: request body too large");
        }

        return Parse<T>(rented.Memory.Span[..length]);
    }

    /// <summary>One JSON value as <typeparamref name="T"/>, or an <see cref="ApiFailureException"/>.</summary>
    public static T Parse<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, GatewayJson.Options) ?? throw Invalid("null is no object");
        }
        catch (JsonException e)
        {
            throw Invalid(Explain(e));
        }
    }

    private static ApiFailureException Invalid(string detail) => new(ApiFailure.BadRequest("Invalid JSON data.", detail, ApiErrorCode.InvalidBody));

    private static string Explain(JsonException e)
    {
        Match unknown = UnknownField().Match(e.Message);
        if (unknown.Success)
        {
            return $"json: unknown field \"{unknown.Groups[1].Value}\"";
        }

        Match missing = MissingFields().Match(e.Message);
        if (missing.Success)
        {
            return $"json: missing {missing.Groups[1].Value.Replace('\'', '"')}";
        }

        string where = e.Path is null or "$" ? $"at byte {e.BytePositionInLine} of line {e.LineNumber + 1}" : $"at {e.Path}";
        return $"json: malformed or of the wrong type {where}";
    }

    [GeneratedRegex("^The JSON property '(.*)' could not be mapped")]
    private static partial Regex UnknownField();

    [GeneratedRegex("missing required properties including: (.*)\\.$")]
    private static partial Regex MissingFields();
}
