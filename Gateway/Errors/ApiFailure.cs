using System.Globalization;
using RPort.Gateway.Json;

namespace RPort.Gateway.Errors;

/// <summary>A failed answer: a status and what went wrong.</summary>
internal sealed class ApiFailure(int status, IReadOnlyList<ApiError> errors) : IResult
{
    public int Status => status;

    public IReadOnlyList<ApiError> Errors => errors;

    /// <summary>When the same call may succeed, where that is known.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ApiFailure Of(int status, string title, string detail = "", string code = "") => new(status, [new ApiError(code, title, detail)]);

    public static ApiFailure BadRequest(string title, string detail = "", string code = "") => Of(StatusCodes.Status400BadRequest, title, detail, code);

    public static ApiFailure NotFound(string title, string detail = "", string code = "") => Of(StatusCodes.Status404NotFound, title, detail, code);

    public static ApiFailure Conflict(string title, string detail = "", string code = "") => Of(StatusCodes.Status409Conflict, title, detail, code);

    /// <summary>The answer to somebody who has to wait that long; a second at the least is told.</summary>
    public static ApiFailure TooMany(TimeSpan wait) =>
        new(StatusCodes.Status429TooManyRequests, OfStatus(StatusCodes.Status429TooManyRequests).Errors) { RetryAfter = wait };

    /// <summary>The answer where only a status is known.</summary>
    public static ApiFailure OfStatus(int status, string detail = "") => Of(status, TitleOf(status), detail);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (RetryAfter is { } wait)
        {
            httpContext.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return Answer.WriteAsync(httpContext, status, new ErrorBody(errors));
    }

    private static string TitleOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "bad request",
        StatusCodes.Status401Unauthorized => "unauthorized",
        StatusCodes.Status403Forbidden => "forbidden",
        StatusCodes.Status404NotFound => "page not found",
        StatusCodes.Status405MethodNotAllowed => "method not allowed",
        StatusCodes.Status408RequestTimeout => "request timeout",
        StatusCodes.Status413PayloadTooLarge => "request body too large",
        StatusCodes.Status415UnsupportedMediaType => "unsupported media type",
        StatusCodes.Status429TooManyRequests => "too many requests, please try later",
        StatusCodes.Status503ServiceUnavailable => "service unavailable",
        _ => status >= 500 ? "internal server error" : $"status {status}",
    };
}

/// <summary>Ends the handling of a request with this answer: for the caller's mistakes found deep inside a parser.</summary>
internal sealed class ApiFailureException(ApiFailure failure) : Exception(failure.Errors[0].Title)
{
    public ApiFailure Failure => failure;
}
