using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using RPort.Agent.Configuration;
using RPort.Agent.Files;
using RPort.Protocol;

namespace RPort.Agent.Tests.Files;

/// <summary>A receiver in a process of its own: to be killed, or run as another user.</summary>
internal static class ReceiverProcess
{
    /// <summary>Arguments: data folder, order file, content file, sudo program, stage to stop at (or <c>-</c>). Prints <c>at STAGE</c> or the result.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        FileReceiverSettings settings = new()
        {
            Sudo = arguments[3],
            Reached = async stage =>
            {
                if (stage.ToString() == arguments[4])
                {
                    Console.WriteLine($"at {stage}");
                    await Task.Delay(Timeout.Infinite);
                }
            },
        };
        UploadOrder order = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(arguments[1]), ProtocolJson.Default.UploadOrder)!;
        TaskCompletionSource<UploadResult> reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource stop = new();
        using FileReceiver receiver = new(
            new FileReceptionOptions { AllowSudo = arguments[3].Length > 0 }, arguments[0], TimeProvider.System, NullLogger.Instance, settings);
        Task running = receiver.RunAsync(stop.Token);
        receiver.Attach(new MemoryPayload(await File.ReadAllBytesAsync(arguments[2])), (result, _) =>
        {
            reported.TrySetResult(result);
            return Task.FromResult(true);
        });
        UploadReply reply = receiver.Accept(order);
        UploadResult outcome = reply.Accepted ? await reported.Task : new UploadResult { Status = "refused", Message = reply.Refusal };
        await stop.CancelAsync();
        await running;
        Console.WriteLine(JsonSerializer.Serialize(outcome, ProtocolJson.Default.UploadResult));
        return 0;
    }

    /// <summary>Starts this assembly with <see cref="Main"/>, as another user where <paramref name="user"/> is given.</summary>
    public static Process Start(Reception machine, UploadOrder order, byte[] content, string sudo = "", string stopAt = "-", uint? user = null)
    {
        string orderFile = Path.Join(machine.Root, "order.json"), contentFile = Path.Join(machine.Root, "content");
        File.WriteAllBytes(orderFile, JsonSerializer.SerializeToUtf8Bytes(order, ProtocolJson.Default.UploadOrder));
        File.WriteAllBytes(contentFile, content);
        string[] dropped = user is null ? [] : ["setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups"];
        string[] line = [.. dropped, Environment.ProcessPath!, "exec", typeof(ReceiverProcess).Assembly.Location, machine.Data, orderFile, contentFile, sudo, stopAt];
        return Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true })!;
    }

    public static async Task<UploadResult> ResultAsync(Process process)
    {
        using (process)
        {
            string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Reception.Patience);
            return JsonSerializer.Deserialize(output, ProtocolJson.Default.UploadResult)!;
        }
    }

    public static async Task KillAtAsync(Process process, PushStage stage)
    {
        using (process)
        {
            string? line = await process.StandardOutput.ReadLineAsync().WaitAsync(Reception.Patience);
            process.Kill();
            await process.WaitForExitAsync().WaitAsync(Reception.Patience);
            Assert.Equal($"at {stage}", line);
        }
    }
}
