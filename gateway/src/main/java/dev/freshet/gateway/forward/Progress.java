package dev.freshet.gateway.forward;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/**
 * How far an attempt is, and when it is over. All of it happens on one event loop.
 *
 * <p>An answer may take until the deadline, from when the request was sent whole. Until then its
 * content must come, and be taken, at a least rate on the average, and never pause for as long as
 * the deadline: a large one may take its time, and one that trickles may not.
 */
final class Progress {

  /** Of content, beside the deadline; Apache's mod_reqtimeout has the same. */
  private static final int LEAST_BYTES_A_SECOND = 500;

  private static final long NOT_YET = Long.MIN_VALUE;

  private final Duration deadline;
  private final long startedAt = System.nanoTime();
  private volatile boolean sent;
  private volatile long begunAt = startedAt;
  private volatile long contentBytes;
  private volatile long lastPartAt = startedAt;
  private volatile long sentWholeAt = NOT_YET;
  private volatile boolean heard;
  private volatile boolean answering;

  Progress(Duration deadline) {
    this.deadline = deadline;
  }

  /** A connection was there, and the request's head is sent. */
  void begin() {
    begunAt = System.nanoTime();
    sent = true;
  }

  /** The head of an answer has come. */
  void heard() {
    heard = true;
  }

  boolean isHeard() {
    return heard;
  }

  /** How long ago the last of the request was sent. */
  Duration sinceSent() {
    return Duration.ofNanos(System.nanoTime() - (contentBytes == 0 ? begunAt : lastPartAt));
  }

  boolean hasBegun() {
    return sent;
  }

  /** A part of the content is sent. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // the event loop alone calls it
  void passed(int bytes) {
    contentBytes += bytes;
    lastPartAt = System.nanoTime();
  }

  /** All of the request is sent. */
  void sentWhole() {
    sentWholeAt = contentBytes == 0 ? startedAt : System.nanoTime();
  }

  boolean isSentWhole() {
    return sentWholeAt != NOT_YET;
  }

  /** The client is being answered; from now on no time is over. */
  void answer() {
    answering = true;
  }

  boolean isAnswering() {
    return answering;
  }

  /** Fails an attempt with {@link TimeoutException} when its time is over. */
  Clock clock(EventLoop loop, MonoSink<?> sink) {
    return new Clock(loop, sink);
  }

  private long nanosLeft() {
    long since = sentWholeAt;
    if (!isSentWhole()) {
      long atLeastRate = startedAt + TimeUnit.SECONDS.toNanos(contentBytes) / LEAST_BYTES_A_SECOND;
      since = atLeastRate - lastPartAt < 0 ? atLeastRate : lastPartAt;
    }
    return since + deadline.toNanos() - System.nanoTime();
  }

  /** Looks at the end of the time whether it is the end. */
  final class Clock implements Runnable {

    private final EventLoop loop;
    private final MonoSink<?> sink;
    private volatile @Nullable Future<?> next;

    private Clock(EventLoop loop, MonoSink<?> sink) {
      this.loop = loop;
      this.sink = sink;
    }

    void start() {
      next = loop.schedule(this, nanosLeft(), TimeUnit.NANOSECONDS);
    }

    void stop() {
      Future<?> scheduled = next;
      if (scheduled != null) {
        scheduled.cancel(false);
      }
    }

    @Override
    public void run() {
      if (answering) {
        return;
      }
      if (nanosLeft() > 0) {
        start();
      } else {
        sink.error(new TimeoutException());
      }
    }
  }
}
