package dev.freshet.gateway;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** A client of HTTP/2 that sends whatever frames it is told to, right or wrong (RFC 9113, 4.1). */
final class RawHttp2 implements AutoCloseable {

  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;

  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;

  private static final int TIMEOUT_MILLIS = 15_000;

  private final SSLSocket socket;
  private final DataInputStream in;

  /**
   * A frame that came.
   *
   * @param payload a character each byte
   */
  record Frame(int type, int flags, int stream, String payload) {

    /** The error code of RST_STREAM or GOAWAY (RFC 9113, 7). */
    int error() {
      return ByteBuffer.wrap(payload.getBytes(StandardCharsets.ISO_8859_1))
          .getInt(type == GOAWAY ? 4 : 0);
    }

    boolean endsStream() {
      return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
    }
  }

  RawHttp2(SSLContext tls, int port) throws IOException {
    this.socket = (SSLSocket) tls.getSocketFactory().createSocket("127.0.0.1", port);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    if (!socket.getApplicationProtocol().equals("h2")) {
      throw new IOException("HTTP/2 was not agreed on");
    }
    this.in = new DataInputStream(socket.getInputStream());
    socket
        .getOutputStream()
        .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  /** Sends a frame. */
  RawHttp2 send(int type, int flags, int stream, byte... payload) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
    frame.put((byte) (payload.length >> 16)).putShort((short) payload.length);
    frame.put((byte) type).put((byte) flags).putInt(stream).put(payload);
    socket.getOutputStream().write(frame.array());
    return this;
  }

  /**
   * Sends a request's head.
   *
   * @param flags besides that of its headers' end
   * @param fields names and values, in turn, pseudo-headers first
   */
  RawHttp2 head(int flags, int stream, String... fields) throws IOException {
    return send(HEADERS, flags | END_HEADERS, stream, encoded(fields));
  }

  /** A GET of a path, with further fields. */
  RawHttp2 get(int stream, String path, String... fields) throws IOException {
    return head(END_STREAM, stream, with("GET", path, fields));
  }

  static String[] with(String method, String path, String... fields) {
    List<String> all =
        new ArrayList<>(
            List.of(
                ":method",
                method,
                ":scheme",
                "https",
                ":path",
                path,
                ":authority",
                "shop.example"));
    all.addAll(List.of(fields));
    return all.toArray(String[]::new);
  }

  /** Literal fields without indexing or Huffman's code (RFC 7541, 6.2.2). */
  private static byte[] encoded(String... fields) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (int i = 0; i < fields.length; i += 2) {
      block.write(0);
      for (String text : List.of(fields[i], fields[i + 1])) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        length(bytes.length, block);
        block.writeBytes(bytes);
      }
    }
    return block.toByteArray();
  }

  private static void length(int length, ByteArrayOutputStream to) {
    if (length < 127) {
      to.write(length);
      return;
    }
    to.write(127);
    int rest = length - 127;
    for (; rest >= 128; rest >>= 7) {
      to.write((rest & 127) | 128);
    }
    to.write(rest);
  }

  /**
   * Reads frames, acknowledging settings on the way, until one is right.
   *
   * @throws EOFException when the connection ends before
   */
  Frame await(Predicate<Frame> right) throws IOException {
    while (true) {
      int length = (in.readUnsignedByte() << 16) | in.readUnsignedShort();
      Frame frame =
          new Frame(
              in.readUnsignedByte(),
              in.readUnsignedByte(),
              in.readInt(),
              new String(in.readNBytes(length), StandardCharsets.ISO_8859_1));
      if (right.test(frame)) {
        return frame;
      }
      if (frame.type() == SETTINGS && frame.flags() != ACK) {
        send(SETTINGS, ACK, 0);
      }
    }
  }

  /** Whatever ends a stream: its last frame, its reset, or the connection's end. */
  Frame end(int stream) throws IOException {
    return await(
        frame ->
            frame.type() == GOAWAY
                || (frame.stream() == stream
                    && (frame.endsStream() || frame.type() == RST_STREAM)));
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
