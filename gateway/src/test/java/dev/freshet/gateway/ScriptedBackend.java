package dev.freshet.gateway;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A backend that answers byte by byte what it is told to. Whatever it is told nothing of it answers
 * with 200 and the request's own first line, so that nobody's answer passes for another's.
 */
final class ScriptedBackend implements AutoCloseable {

  private static final String NO_POSITION = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

  private static final String WEB_SOCKETS = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private final ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
  private final Map<String, String> scripts = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final Semaphore later = new Semaphore(0);
  private final AtomicInteger closed = new AtomicInteger();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger positionsAsked = new AtomicInteger();
  private volatile String position = NO_POSITION;

  ScriptedBackend() throws IOException {
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /**
   * Says what is sent for a path, whatever the method.
   *
   * @param answer each byte a character; where it ends with the word CLOSE, so does the connection;
   *     what follows LATER is sent when it is told to; ACCEPT stands for what agrees to the
   *     handshake of a WebSocket
   */
  ScriptedBackend answer(String path, String answer) {
    scripts.put(path, answer);
    return this;
  }

  /** Says where it is, when it is asked for its position. */
  ScriptedBackend tells(String at) {
    String json =
        "{\"position\":\"%s\",\"kind\":\"primary\",\"lagSeconds\":0,\"ready\":true}".formatted(at);
    position =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(json.length(), json);
    return this;
  }

  /** The first lines of all requests that came, but for questions after its position. */
  List<String> requests() {
    return requests;
  }

  /** What comes behind LATER in one answer is sent now. */
  void sendLater() {
    later.release();
  }

  /** How many connections others have closed. */
  int closed() {
    return closed.get();
  }

  /** How many connections it has had. */
  int connections() {
    return connections.get();
  }

  /** How often it was asked where it is. */
  int positionsAsked() {
    return positionsAsked.get();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        connections.incrementAndGet();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        // The test has ended.
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      OutputStream out = socket.getOutputStream();
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        readContent(in, head.toLowerCase(Locale.ROOT));
        String line = head.substring(0, head.indexOf(" HTTP/"));
        String path = line.substring(line.indexOf(' ') + 1);
        String answer = path.equals("/.freshet/position") ? position : scripts.get(path);
        if (!path.equals("/.freshet/position")) {
          requests.add(line);
        } else {
          positionsAsked.incrementAndGet();
        }
        if (answer == null) {
          answer = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s".formatted(line.length(), line);
        }
        answer = answer.replace("ACCEPT", accept(head));
        boolean isLast = answer.endsWith("CLOSE");
        String sent = isLast ? answer.substring(0, answer.length() - 5) : answer;
        String[] parts = sent.split("LATER", 2);
        out.write(parts[0].getBytes(StandardCharsets.ISO_8859_1));
        if (parts.length > 1) {
          later.acquireUninterruptibly();
          out.write(parts[1].getBytes(StandardCharsets.ISO_8859_1));
        }
        if (isLast) {
          return;
        }
      }
      closed.incrementAndGet();
    } catch (IOException e) {
      // The gateway closed it, or the test has ended.
    }
  }

  /**
   * By as plain a reading as there is.
   *
   * @throws EOFException when it breaks off: then it is no request
   */
  private static void readContent(InputStream in, String head) throws IOException {
    int length = head.indexOf("\r\ncontent-length: ");
    if (length >= 0) {
      int bytes = Integer.parseInt(head.substring(length + 18, head.indexOf('\r', length + 2)));
      if (in.readNBytes(bytes).length < bytes) {
        throw new EOFException("in the midst of content");
      }
    } else if (head.contains("\r\ntransfer-encoding: chunked\r\n")) {
      while (chunk(in) > 0) {
        // The last one is empty.
      }
    }
  }

  private static int chunk(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    while (line.indexOf("\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("in the midst of chunks");
      }
      line.append((char) next);
    }
    int bytes = Integer.parseInt(line.substring(0, line.length() - 2), 16);
    if (in.readNBytes(bytes + 2).length < bytes + 2) {
      throw new EOFException("in the midst of a chunk");
    }
    return bytes;
  }

  /** What agrees to the handshake of a WebSocket (RFC 6455, 4.2.2). */
  private static String accept(String head) {
    int at = head.toLowerCase(Locale.ROOT).indexOf("sec-websocket-key: ");
    return at < 0
        ? ""
        : Base64.getEncoder()
            .encodeToString(sha1(head.substring(at + 19, head.indexOf('\r', at)) + WEB_SOCKETS));
  }

  private static byte[] sha1(String text) {
    try {
      return MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.US_ASCII));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
      int next = in.read();
      if (next < 0) {
        return "";
      }
      head.append((char) next);
    }
    return head.toString();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
