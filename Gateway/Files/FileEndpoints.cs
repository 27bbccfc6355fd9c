using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Orleans;
using RPort.Gateway.Errors;
using RPort.Gateway.Files.Feed;
using RPort.Gateway.Files.Form;
using RPort.Gateway.Json;
using RPort.Gateway.Operations;
using RPort.Gateway.Queries;
using RPort.Grains.Abstractions;
using RPort.Silo.Configuration;

namespace RPort.Gateway.Files;

/// <summary>/files: push a file to clients, and see how it went.</summary>
internal static class FileEndpoints
{
    private static readonly ListShape Files = ListShape.PagesOnly("files", 20, 100);

    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.AddCheckedOptions<FilesOptions>(FilesOptions.Section);
        services.AddSingleton<FileMetrics>().AddSingleton<PushTargets>().AddSingleton<PushService>();
        return services.AddUploadFeed();
    }

    public static void MapFiles(this IEndpointRouteBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Files").RequireAuthorization();
        DescribeForm(group.MapPost("/files", PushAsync).WithName("PushFile").WithSummary("Push a file to clients")
            .WithDescription("Answered when the file is stored and the push durable; the results come by `GET /files/{uuid}` and `/ws/uploads`. "
                + "The same form with the same `id` sent again changes nothing and is answered alike."))
            .Produces<DataBody<PushedView>>().Fails(400, 404, 409, 413, 415, 503);
        group.MapGet("/files", ListAsync).WithName("ListFiles").WithSummary("All pushes, newest first")
            .WithMetadata(
                new QueryField("page[limit]", "Most pushes in the answer: 20 if absent, at most 100.", JsonSchemaType.Integer),
                new QueryField("page[offset]", "Pushes to leave out at the start.", JsonSchemaType.Integer))
            .Produces<ListBody<FileSummaryView>>().Fails(400);
        group.MapGet("/files/{uuid}", GetAsync).WithName("GetFile").WithSummary("A push and how it stands with every client")
            .WithDescription("A client's `status` is pending, success, ignored, error, canceled or expired.")
            .Produces<DataBody<FileView>>().Fails(404);
        group.MapDelete("/files/{uuid}", CancelAsync).WithName("CancelFile").WithSummary("Take a push back: unfinished clients stop")
            .Produces(StatusCodes.Status204NoContent).Fails(404);
        group.MapPost("/files/{uuid}/retry", RetryAsync).WithName("RetryFile").WithSummary("Push again to the clients that failed")
            .WithMetadata(new QueryField("expires", "As with a push: until when clients that are offline are waited for."))
            .Produces<DataBody<FileSummaryView>>().Fails(400, 404, 409, 410);
        api.MapUploadFeed();
    }

    private static async Task<IResult> PushAsync(HttpContext context, PushService pushes) =>
        Answer.Of(await pushes.StartAsync(context.Request, context.User.Identity?.Name ?? "", context.RequestAborted));

    private static async Task<IResult> ListAsync(HttpRequest request, IGrainFactory grains)
    {
        ListQuery query = ListQueryParser.Parse(request.Query, Files);
        UploadIndexPage page = await grains.GetGrain<IUploadIndexGrain>(IUploadIndexGrain.Key).ListAsync(query.Offset, query.Limit);
        UploadSummary?[] pushes = await Task.WhenAll(page.Uploads.Select(id => grains.GetGrain<IUploadGrain>(id.Value).GetSummaryAsync()));
        return Answer.List([.. pushes.OfType<UploadSummary>().Select(FileSummaryView.From)], page.Total);
    }

    private static async Task<IResult> GetAsync(string uuid, IGrainFactory grains) =>
        UploadId.TryParse(uuid, null, out UploadId id) && await grains.GetGrain<IUploadGrain>(id.Value).GetAsync() is { } push
            ? Answer.Of(FileView.From(push))
            : NotFound(uuid);

    private static async Task<IResult> CancelAsync(string uuid, IGrainFactory grains) =>
        UploadId.TryParse(uuid, null, out UploadId id) && await grains.GetGrain<IUploadGrain>(id.Value).CancelAsync()
            ? Results.NoContent()
            : NotFound(uuid);

    private static async Task<IResult> RetryAsync(string uuid, HttpRequest request, IGrainFactory grains, IOptions<FilesOptions> options, TimeProvider clock)
    {
        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset expires = Expiry.Read(request.Query["expires"].ToString(), now, options.Value.LongestExpiry) ?? now + options.Value.DefaultExpiry;
        if (!UploadId.TryParse(uuid, null, out UploadId id))
        {
            return NotFound(uuid);
        }

        IUploadGrain push = grains.GetGrain<IUploadGrain>(id.Value);
        return await push.RetryAsync(expires) switch
        {
            RetryOutcome.Retried when await push.GetSummaryAsync() is { } summary => Answer.Of(FileSummaryView.From(summary)),
            RetryOutcome.NothingFailed => ApiFailure.Conflict("No client of this upload has failed."),
            RetryOutcome.PayloadGone => ApiFailure.Of(StatusCodes.Status410Gone, "The file of this upload is no longer kept."),
            _ => NotFound(uuid),
        };
    }

    private static ApiFailure NotFound(string uuid) => ApiFailure.NotFound($"Upload with id=\"{uuid}\" not found.");

    private static RouteHandlerBuilder DescribeForm(RouteHandlerBuilder endpoint)
    {
        ImmutableArray<MultipartField> fields =
        [
            new(PushFormReader.FileField, "The file.", Required: true, File: true),
            new("dest", "Absolute path of the file on the clients, file name included.", Required: true),
            new("client_id", "Client to push to; may be given many times.", Repeated: true),
            new("group_id", "Group of clients to push to; may be combined with client_id.", Repeated: true),
            new("tags", "Clients by tags, instead of the two above: {\"tags\":[\"a\",\"b\"],\"operator\":\"AND\"} (or OR)."),
            new("force", "Replace a file that is there.", Type: JsonSchemaType.Boolean),
            new("sync", "Replace a file that is there if its content differs; mend its mode and owner.", Type: JsonSchemaType.Boolean),
            new("mode", "Permission bits, octal, such as 0644."),
            new("user", "User to own the file."),
            new("group", "Group to own the file."),
            new("lenient", "A mode or owner that cannot be set is a note in the result instead of an error.", Type: JsonSchemaType.Boolean),
            new("expires", "Keep the push for clients that are offline until then: a duration such as 2h, or a time (RFC 3339). Without it they fail at once."),
            new("max_concurrent", "Most clients under way at a time; 0 for no bound.", Type: JsonSchemaType.Integer),
            new("sha256", "What the file's SHA-256 must be, in hex or base64; the upload is refused otherwise."),
            new("id", "The push's uuid, chosen by the caller: 1 to 64 characters of A-Z a-z 0-9 . _ -."),
        ];
        return endpoint.WithMetadata([.. fields]);
    }
}
