using System.Collections.Immutable;
using Orleans;
using RPort.Gateway.Access;
using RPort.Gateway.Errors;
using RPort.Gateway.Json;
using RPort.Gateway.Operations;
using RPort.Grains.Abstractions;
using RPort.Protocol;

namespace RPort.Gateway.Clients;

/// <summary>/clients/{id}/attributes and /clients/{id}/acl: what a client is known by, and who may see it.</summary>
internal static class ClientAttributeEndpoints
{
    private const int MaxItems = 256;
    private const int MaxText = 1024;
    private static readonly ImmutableArray<string> Groups = [AccessEndpoints.AdministratorsGroup];

    public static void MapClientAttributes(this IEndpointRouteBuilder group)
    {
        group.MapGet("/clients/{clientId}/attributes", GetAsync).WithName("GetClientAttributes").WithSummary("A client's tags and labels")
            .Produces<DataBody<ClientAttributesView>>().Fails(404);
        group.MapPut("/clients/{clientId}/attributes", PutAsync).WithName("PutClientAttributes").WithSummary("Replace a client's tags and labels")
            .WithDescription("The agent keeps them in its attributes file, so it must be connected and have one: `client error: …` says what it lacks.")
            .Accepts<ClientAttributesBody>("application/json").Produces<DataBody<string>>().Fails(400, 404, 409, 415, 503);
        group.MapPost("/clients/{clientId}/acl", SetGroupsAsync).WithName("SetClientAcl").WithSummary("Set which user groups may see a client")
            .WithDescription("`null` or an empty list: administrators only. There is no group but Administrators yet.")
            .Accepts<ClientAclBody>("application/json").Produces(StatusCodes.Status204NoContent).Fails(400, 404, 415);
    }

    private static async Task<IResult> GetAsync(string clientId, ClientDirectory clients)
    {
        ClientInventory machine = (await clients.GetAsync(clientId)).Inventory;
        return Answer.Of(new ClientAttributesView(machine.Tags, machine.Labels.IsEmpty ? null : machine.Labels));
    }

    private static async Task<IResult> PutAsync(string clientId, HttpContext context, ClientDirectory clients, ClientSessions sessions, IGrainFactory grains)
    {
        ClientRecord client = await clients.GetAsync(clientId);
        ClientAttributesBody body = await JsonBody.ReadAsync<ClientAttributesBody>(context.Request, context.RequestAborted);
        string payload = Payload(body);
        if (!client.Connected)
        {
            return SessionRefusals.NotConnected(clientId);
        }

        SessionAnswer answer = await sessions.AskAsync(
            client.Id, new AskAgent(QuestionId.New(), ClientLimits.MaxQuestionTime, RequestNames.UpdateClientMetadata, payload));
        switch (answer)
        {
            case AgentReplied { Success: true }:
                await grains.GetGrain<IClientGrain>(client.Id.Value).SetAttributesAsync(
                    [.. body.Tags ?? []], (body.Labels ?? ImmutableDictionary<string, string>.Empty).ToImmutableSortedDictionary(StringComparer.Ordinal));
                return Answer.Of("ok");
            case AgentReplied refused:
                return SessionRefusals.AgentFailed(refused.Payload);
            default:
                return SessionRefusals.Failure(answer as Refused ?? new Refused(RefusalReason.GatewayFailed), clientId);
        }
    }

    private static async Task<IResult> SetGroupsAsync(string clientId, HttpContext context, ClientDirectory clients, IGrainFactory grains)
    {
        ClientRecord client = await clients.GetAsync(clientId);
        ClientAclBody body = await JsonBody.ReadAsync<ClientAclBody>(context.Request, context.RequestAborted);
        ImmutableArray<string> groups = [.. (body.AllowedUserGroups ?? []).Select(name => name ?? "").Distinct(StringComparer.Ordinal)];
        string[] unknown = [.. groups.Except(Groups, StringComparer.Ordinal)];
        if (unknown.Length > 0)
        {
            return ApiFailure.BadRequest($"unknown user groups: {Cut(string.Join(", ", unknown))}", $"known are {string.Join(", ", Groups)}", ApiErrorCode.UnknownUserGroup);
        }

        return await grains.GetGrain<IClientGrain>(client.Id.Value).SetAllowedUserGroupsAsync(groups) ? Results.NoContent() : ClientEndpoints.NotFound(clientId);
    }

    private static string Payload(ClientAttributesBody body)
    {
        IReadOnlyList<string> tags = body.Tags ?? [];
        IReadOnlyDictionary<string, string> labels = body.Labels ?? ImmutableDictionary<string, string>.Empty;
        if (tags.Count > MaxItems || !tags.All(IsText))
        {
            throw Bad("invalid tags", $"at most {MaxItems} texts of 1 to {MaxText} characters without control characters are expected");
        }

        if (labels.Count > MaxItems || !labels.All(label => IsText(label.Key) && (label.Value == "" || IsText(label.Value))))
        {
            throw Bad("invalid labels", $"at most {MaxItems} names with values of at most {MaxText} characters without control characters are expected");
        }

        byte[] payload = ProtocolJson.Write(new ClientMetadata { Tags = tags, Labels = labels }, ProtocolJson.Default.ClientMetadata);
        return payload.Length <= ClientLimits.MaxQuestionBytes
            ? System.Text.Encoding.UTF8.GetString(payload)
            : throw Bad("invalid attributes", $"at most {ClientLimits.MaxQuestionBytes} bytes are expected");
    }

    private static bool IsText(string? text) => text is { Length: > 0 and <= MaxText } && !text.Any(char.IsControl);

    private static string Cut(string text) => text.Length <= 200 ? text : text[..200] + "…";

    private static ApiFailureException Bad(string title, string detail) => new(ApiFailure.BadRequest(title, detail, ApiErrorCode.InvalidField));
}

/// <summary>Tags and labels; no labels are <c>null</c>.</summary>
internal sealed record ClientAttributesView(IReadOnlyList<string> Tags, IReadOnlyDictionary<string, string>? Labels);

/// <summary>Tags and labels to have from now on; what is missing is emptied.</summary>
internal sealed record ClientAttributesBody(IReadOnlyList<string>? Tags = null, IReadOnlyDictionary<string, string>? Labels = null);

/// <summary>Who may see a client.</summary>
internal sealed record ClientAclBody
{
    public required IReadOnlyList<string>? AllowedUserGroups { get; init; }
}
