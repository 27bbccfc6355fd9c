using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans;
using RPort.Gateway.Agents.Commands;
using RPort.Gateway.Errors;
using RPort.Grains.Abstractions;
using RPort.Protocol;

namespace RPort.Gateway.Commands;

/// <summary>Gives a command to a client: it is durable first, then the agent is told, then what the agent says is kept.</summary>
internal sealed class CommandService(IGrainFactory grains)
{
    private const string NotRun = "this agent does not run commands";

    // Agents read plain JSON; escapes for web pages would only make scripts longer than a question may be.
    private static readonly ProtocolJson Json = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Starts the command, or throws an <see cref="ApiFailureException"/>.</summary>
    public async Task<JobId> StartAsync(CommandRequest request)
    {
        byte[] order = JsonSerializer.SerializeToUtf8Bytes(Order(request), Json.CommandJob);
        if (order.Length > ClientLimits.MaxQuestionBytes)
        {
            throw new ApiFailureException(ApiFailure.BadRequest("Command is too long.", $"with its escapes it has {order.Length} bytes"));
        }

        ICommandGrain command = grains.GetGrain<ICommandGrain>(ICommandGrain.KeyOf(request.Client, request.Job));
        await command.CreateAsync(request);
        AskAgent question = new(QuestionId.New(), ClientLimits.MaxQuestionTime, RequestNames.RunCommand, Encoding.UTF8.GetString(order));
        SessionAnswer answer = await grains.GetGrain<IClientGrain>(request.Client.Value).AskAsync(question);
        if (await RefusalAsync(command, request, answer) is { } refusal)
        {
            throw new ApiFailureException(refusal);
        }

        return request.Job;
    }

    public static ApiFailure NotActive(string clientId) => ApiFailure.NotFound($"Active client with id=\"{clientId}\" not found.");

    // Null: it runs, or may run, and its result will tell.
    private static async Task<ApiFailure?> RefusalAsync(ICommandGrain command, CommandRequest request, SessionAnswer answer)
    {
        switch (answer)
        {
            case AgentReplied { Success: true } replied:
                CommandStarted? started = ProtocolJson.TryRead(Encoding.UTF8.GetBytes(replied.Payload), ProtocolJson.Default.CommandStarted);
                await command.StartedAsync(started?.Pid, CommandReports.Time(started?.StartedAt));
                return null;
            case AgentReplied replied:
                string text = TextHead.Of(replied.Payload, CommandLimits.MaxTextBytes);
                text = text == RequestNames.UnknownRequest ? NotRun : text;
                await command.RefusedAsync(text);
                return ApiFailure.Conflict($"client error: {text}");
            case Refused { Reason: RefusalReason.TimedOut }:
                return null; // busy with a push, most likely: it hears of the command when that is done
            case Refused { Reason: RefusalReason.Busy }:
                await command.RefusedAsync("too many requests wait for this client");
                return ApiFailure.Of(StatusCodes.Status503ServiceUnavailable, "Too many requests wait for this client, please try later.");
            case Refused { Reason: RefusalReason.UnknownClient }:
                await command.RefusedAsync("the client is not known");
                return NotActive(request.Client.Value);
            case Refused { Reason: RefusalReason.NotConnected }:
                return ApiFailure.Conflict("client error: the connection was lost", $"whether command {request.Job} was started is not known");
            default:
                return ApiFailure.Of(StatusCodes.Status500InternalServerError, "The client could not be asked.", $"whether command {request.Job} was started is not known");
        }
    }

    private static CommandJob Order(CommandRequest request) => new()
    {
        Id = request.Job.ToString(),
        ClientId = request.Client.Value,
        ClientName = request.ClientName,
        Command = request.Command,
        WorkingDirectory = request.WorkingDirectory,
        Interpreter = request.Interpreter,
        CreatedBy = request.CreatedBy,
        TimeoutSeconds = (int)request.Timeout.TotalSeconds,
        IsSudo = request.IsSudo,
        IsScript = request.IsScript,
    };
}
