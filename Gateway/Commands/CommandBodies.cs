using System.Text;
using RPort.Gateway.Errors;
using RPort.Grains.Abstractions;

namespace RPort.Gateway.Commands;

/// <summary>What a user may say of a command or script beside its text.</summary>
internal abstract record CommandSettings
{
    /// <summary>What runs it; the agent's default if absent.</summary>
    public string? Interpreter { get; init; }
    /// <summary>Folder it runs in; the agent's default if absent.</summary>
    public string? Cwd { get; init; }
    /// <summary>By sudo.</summary>
    public bool IsSudo { get; init; }
    /// <summary>How long its end is waited for; 60 if absent. The process goes on after that, unwatched.</summary>
    public int TimeoutSec { get; init; }
}

/// <summary>A command for one client.</summary>
internal sealed record CommandBody : CommandSettings
{
    /// <summary>The command line.</summary>
    public string? Command { get; init; }
}

/// <summary>A script for one client.</summary>
internal sealed record ScriptBody : CommandSettings
{
    /// <summary>The script in base64.</summary>
    public string? Script { get; init; }
}

/// <summary>Makes orders of what users sent, or an <see cref="ApiFailureException"/> (400).</summary>
internal static class CommandBodies
{
    private const int DefaultTimeoutSeconds = 60;
    private const int MaxInterpreter = 1024;
    private const int MaxFolder = 4096;
    private static readonly string[] Interpreters = ["", "cmd", "powershell"];
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static CommandRequest Read(CommandBody body)
    {
        if (string.IsNullOrEmpty(body.Command))
        {
            throw Bad("Command cannot be empty.");
        }

        string interpreter = body.Interpreter ?? "";
        if (interpreter == "tacoscript")
        {
            throw Bad("tacoscript interpreter can't be used for commands execution");
        }

        if (!Interpreters.Contains(interpreter))
        {
            throw Bad("Invalid interpreter.", "known are cmd and powershell");
        }

        return Read(body, body.Command, isScript: false);
    }

    public static CommandRequest Read(ScriptBody body)
    {
        if (string.IsNullOrEmpty(body.Script))
        {
            throw Bad("Missing script body.");
        }

        try
        {
            return Read(body, StrictUtf8.GetString(Convert.FromBase64String(body.Script)), isScript: true);
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            throw Bad("Invalid script body.", "it must be text in UTF-8 as base64");
        }
    }

    private static CommandRequest Read(CommandSettings settings, string command, bool isScript)
    {
        if (Encoding.UTF8.GetByteCount(command) > CommandLimits.MaxCommandBytes)
        {
            throw Bad($"{(isScript ? "Script" : "Command")} is too long.", $"at most {CommandLimits.MaxCommandBytes} bytes");
        }

        if (settings.TimeoutSec < 0 || settings.TimeoutSec > CommandLimits.MaxTimeout.TotalSeconds)
        {
            throw Bad("Invalid timeout.", $"timeout_sec must be 0 to {CommandLimits.MaxTimeout.TotalSeconds:0}");
        }

        return new CommandRequest
        {
            Job = JobId.New(),
            Command = command,
            IsScript = isScript,
            Interpreter = Short(settings.Interpreter, MaxInterpreter, "interpreter"),
            WorkingDirectory = Short(settings.Cwd, MaxFolder, "cwd"),
            IsSudo = settings.IsSudo,
            Timeout = TimeSpan.FromSeconds(settings.TimeoutSec == 0 ? DefaultTimeoutSeconds : settings.TimeoutSec),
        };
    }

    private static string Short(string? text, int max, string field) =>
        text is null ? "" : text.Length <= max ? text : throw Bad($"{field} is too long.", $"at most {max} characters");

    private static ApiFailureException Bad(string title, string detail = "") => new(ApiFailure.BadRequest(title, detail));
}
