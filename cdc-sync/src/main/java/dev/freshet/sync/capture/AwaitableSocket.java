package dev.freshet.sync.capture;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;

/**
 * A socket on which a thread can wait until there is something to read, without taking it.
 *
 * <p>pgjdbc can only be asked whether a message is pending, again and again, or read while it holds
 * its connection's lock, without which nothing can be confirmed meanwhile. Waiting here needs
 * neither. One thread reads; others may write.
 */
final class AwaitableSocket extends Socket {

  private static final int BUFFER_BYTES = 8_192;

  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int next;
  private int end;

  /**
   * Waits until at least one byte can be read.
   *
   * @return false when none came in time
   * @throws EOFException when the other side has closed the connection
   */
  boolean awaitInput(Duration atMost) throws IOException {
    if (next < end || isClosed()) {
      return true; // what there is to say of a closed one, reading says
    }
    int timeout = getSoTimeout();
    setSoTimeout(Math.toIntExact(atMost.toMillis()));
    try {
      int read = super.getInputStream().read(buffer);
      if (read < 0) {
        throw new EOFException("The server closed the connection.");
      }
      next = 0;
      end = read;
      return true;
    } catch (SocketTimeoutException nothing) {
      return false;
    } finally {
      setSoTimeout(timeout);
    }
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return new Input(super.getInputStream());
  }

  /** What was read while waiting, then the socket's own. */
  private final class Input extends InputStream {

    private final InputStream rest;

    private Input(InputStream rest) {
      this.rest = rest;
    }

    @Override
    public int read() throws IOException {
      return next < end ? buffer[next++] & 0xFF : rest.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (next == end) {
        return rest.read(target, offset, length);
      }
      int taken = Math.min(length, end - next);
      System.arraycopy(buffer, next, target, offset, taken);
      next += taken;
      return taken;
    }

    @Override
    public int available() throws IOException {
      return end - next + rest.available();
    }

    @Override
    public void close() throws IOException {
      rest.close();
    }
  }
}
