namespace RPort.Gateway.Files.Feed;

/// <summary>A page to watch the upload feed by hand. It stores nothing and loads nothing from elsewhere.</summary>
internal static class TestPage
{
    public const string Html = """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>RPort upload feed</title>
        <style>body{font:16px sans-serif;margin:2rem;max-width:60rem}input{width:100%;font:inherit}pre{border:1px solid;padding:1rem;min-height:12rem;white-space:pre-wrap;overflow-wrap:anywhere}</style>
        </head>
        <body>
        <h1>Upload feed</h1>
        <p><label>Token of /login <input id="token" type="password" autocomplete="off"></label></p>
        <p><label><input id="progress" type="checkbox" style="width:auto"> with progress</label></p>
        <p><button id="open">Open</button> <button id="close">Close</button></p>
        <pre id="output" aria-live="polite"></pre>
        <script>
        let socket;
        const show = text => { document.getElementById('output').textContent += text.endsWith('\n') ? text : text + '\n'; };
        document.getElementById('open').onclick = () => {
          const url = new URL('../../ws/uploads', location.href);
          url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
          url.searchParams.set('access_token', document.getElementById('token').value);
          if (document.getElementById('progress').checked) url.searchParams.set('progress', 'true');
          socket?.close();
          socket = new WebSocket(url);
          socket.onopen = () => show('open');
          socket.onmessage = event => show(event.data);
          socket.onclose = event => show(`closed ${event.code} ${event.reason}`);
        };
        document.getElementById('close').onclick = () => socket?.close();
        </script>
        </body>
        </html>
        """;
}
