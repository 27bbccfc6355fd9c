using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;
using Orleans.Storage;
using RPort.Gateway.Errors;
using RPort.Gateway.Payloads;
using RPort.Silo.Storage;

namespace RPort.Gateway.Tests.Operations;

public sealed class ErrorMappingTests
{
    [Fact]
    public async Task Nothing_of_an_unexpected_exception_goes_out()
    {
        (int status, JsonElement error) = await MapAsync(new InvalidOperationException("the secret is 42"));

        Assert.Equal(500, status);
        Assert.Equal("internal server error", error.GetProperty("title").GetString());
        Assert.DoesNotContain("42", error.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_is_away_is_503()
    {
        (int status, JsonElement error) = await MapAsync(new PayloadStoreUnavailableException("The payload storage does not answer."));

        Assert.Equal(503, status);
        Assert.StartsWith("payload storage is not available", error.GetProperty("title").GetString(), StringComparison.Ordinal);
    }

    public static TheoryData<Exception> StateFailures => new()
    {
        new GrainStorageException("Grain state in '/srv/data/grains.db': the disk is full.", null),
        new SiloUnavailableException("The silo is stopping"),
        new LimitExceededException("Too many calls wait"),
        new InconsistentStateException("State was changed by another activation."),
        new OrleansException("Error from storage provider", new IOException("away")),
        new AggregateException(new GrainStorageException("Grain state in '/srv/data/grains.db': locked.", null)),
    };

    [Theory]
    [MemberData(nameof(StateFailures))]
    public async Task State_that_cannot_be_kept_now_is_503_and_says_when_to_come_again(Exception thrown)
    {
        var context = new DefaultHttpContext();
        (int status, JsonElement error) = await MapAsync(thrown, context);

        Assert.Equal((503, "the server cannot keep its state now, please try later"), (status, error.GetProperty("title").GetString()));
        Assert.Equal("30", context.Response.Headers.RetryAfter);
        Assert.DoesNotContain("grains.db", error.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "bad request")]
    [InlineData(413, "request body too large")]
    public async Task A_bad_request_keeps_its_status(int given, string title)
    {
        (int status, JsonElement error) = await MapAsync(new BadHttpRequestException("what the server said", given));

        Assert.Equal((given, title), (status, error.GetProperty("title").GetString()));
    }

    private static async Task<(int Status, JsonElement Error)> MapAsync(Exception thrown, HttpContext? context = null)
    {
        context ??= new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;

        await new ErrorMapping(_ => throw thrown, NullLogger<ErrorMapping>.Instance).InvokeAsync(context);

        return (context.Response.StatusCode, JsonElement.Parse(body.ToArray()).GetProperty("errors")[0]);
    }
}
