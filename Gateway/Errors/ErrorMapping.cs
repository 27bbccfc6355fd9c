using Orleans.Runtime;
using RPort.Gateway.Payloads;

namespace RPort.Gateway.Errors;

/// <summary>The one place where exceptions and bare status codes become the API's error shape. Nothing of an exception's inside goes out.</summary>
internal sealed partial class ErrorMapping(RequestDelegate next, ILogger<ErrorMapping> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // the caller has gone: nobody reads an answer
        }
        catch (Exception e) // the edge of the request: whatever it is, the caller gets the error shape and the log gets the rest
        {
            ApiFailure failure = Map(e, context);
            if (context.Response.HasStarted)
            {
                context.Abort(); // half an answer is out; only a broken connection tells the caller that it is not whole
                return;
            }

            context.Response.Clear();
            if (failure.Status == StatusCodes.Status503ServiceUnavailable)
            {
                context.Response.Headers.RetryAfter = "30";
            }

            await failure.ExecuteAsync(context);
            return;
        }

        HttpResponse response = context.Response;
        if (response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null or 0 })
        {
            string allowed = response.Headers.Allow.ToString().Replace(", ", " or ", StringComparison.Ordinal);
            await ApiFailure.OfStatus(response.StatusCode, allowed.Length > 0 ? $"{allowed} is expected here" : "").ExecuteAsync(context);
        }
    }

    private ApiFailure Map(Exception e, HttpContext context)
    {
        switch (e)
        {
            case ApiFailureException known:
                return known.Failure;
            case BadHttpRequestException bad:
                return ApiFailure.Of(bad.StatusCode, ApiFailure.OfStatus(bad.StatusCode).Errors[0].Title, bad.StatusCode < 500 ? bad.Message : "");
            case PayloadStoreUnavailableException:
                LogStoreUnavailable(logger, e);
                return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "payload storage is not available, please try later", e.Message);
            case OrleansException or AggregateException { InnerException: OrleansException }:
                LogStateUnavailable(logger, context.Request.Method, context.Request.Path, e);
                return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "the server cannot keep its state now, please try later");
            case TimeoutException:
                LogTimeout(logger, context.Request.Method, context.Request.Path, e);
                return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "the server did not answer in time, please try later");
            default:
                LogUnhandled(logger, context.Request.Method, context.Request.Path, context.TraceIdentifier, e);
                return ApiFailure.Of(StatusCodes.Status500InternalServerError, "internal server error", $"request {context.TraceIdentifier}");
        }
    }

    [LoggerMessage(4000, LogLevel.Error, "{Method} {Path} failed (request {Request})")]
    private static partial void LogUnhandled(ILogger logger, string method, PathString path, string request, Exception exception);

    [LoggerMessage(4001, LogLevel.Error, "The payload store is not available")]
    private static partial void LogStoreUnavailable(ILogger logger, Exception exception);

    [LoggerMessage(4002, LogLevel.Error, "{Method} {Path} timed out")]
    private static partial void LogTimeout(ILogger logger, string method, PathString path, Exception exception);

    [LoggerMessage(4004, LogLevel.Error, "{Method} {Path} failed: grains or their storage are not available")]
    private static partial void LogStateUnavailable(ILogger logger, string method, PathString path, Exception exception);
}
