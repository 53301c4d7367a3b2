package dev.freshet.local.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.spi.AppenderAttachable;
import ch.qos.logback.core.spi.AppenderAttachableImpl;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Hands events on some at a time: whoever logs waits for nothing, and wakes nobody up, which costs
 * more than the line does.
 *
 * <p>A thread looks every {@link #PAUSE} for what has come. More than {@value #MOST_WAITING} events
 * don't wait; one more is left out, and how many were is said. What is handed to the appender below
 * is a {@link Block}; its encoder has to be a {@link BlockEncoder}.
 */
public final class BlockAppender extends UnsynchronizedAppenderBase<ILoggingEvent>
    implements AppenderAttachable<ILoggingEvent> {

  static final int MOST_WAITING = 16_384;

  /** Some 64 KB of lines. */
  private static final int MOST_AT_ONCE = 256;

  private static final Duration PAUSE = Duration.ofMillis(100);

  private final AppenderAttachableImpl<ILoggingEvent> below = new AppenderAttachableImpl<>();
  private final BlockingQueue<ILoggingEvent> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private final AtomicLong leftOut = new AtomicLong();
  private final AtomicBoolean writes = new AtomicBoolean();
  private final Object writing = new Object();
  private volatile boolean isEnding;

  @Override
  public void start() {
    super.start();
    // Nobody stops the log before the JVM ends, as parts have things to say until then.
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "log-blocks-end"));
  }

  @Override
  protected void append(ILoggingEvent event) {
    event.prepareForDeferredProcessing(); // what it says of this thread
    if (!waiting.offer(event)) {
      leftOut.incrementAndGet();
    }
    if (isEnding) {
      write();
    } else if (!writes.get() && writes.compareAndSet(false, true)) {
      Thread.ofPlatform().name("log-blocks").daemon().start(this::writeUntilTheEnd);
    }
  }

  private void writeUntilTheEnd() {
    while (!isEnding) {
      LockSupport.parkNanos(PAUSE.toNanos());
      try {
        write();
      } catch (Throwable e) { // whatever it is, later lines may go through
        addError("Lines could not be written", e);
      }
    }
  }

  /** Writes what has come. */
  private void write() {
    synchronized (writing) {
      List<ILoggingEvent> some = new ArrayList<>(MOST_AT_ONCE);
      while (waiting.drainTo(some, MOST_AT_ONCE) > 0) {
        below.appendLoopOnAppenders(new Block(some));
        some.clear();
      }
      long missing = leftOut.getAndSet(0);
      if (missing > 0) {
        below.appendLoopOnAppenders(new Block(List.of(notice(missing))));
      }
    }
  }

  private LoggingEvent notice(long missing) {
    LoggingEvent notice = new LoggingEvent();
    notice.setLoggerName(getName());
    notice.setLevel(Level.WARN);
    notice.setThreadName(Thread.currentThread().getName());
    notice.setMessage(missing + " lines were left out: they came faster than they are written");
    notice.setMDCPropertyMap(Map.of());
    notice.setTimeStamp(System.currentTimeMillis());
    return notice;
  }

  /** Writes what is left; what comes later is written as it comes. */
  @Override
  public void stop() {
    isEnding = true;
    write();
  }

  @Override
  public void addAppender(Appender<ILoggingEvent> appender) {
    below.addAppender(appender);
  }

  @Override
  public Iterator<Appender<ILoggingEvent>> iteratorForAppenders() {
    return below.iteratorForAppenders();
  }

  @Override
  public @Nullable Appender<ILoggingEvent> getAppender(String name) {
    return below.getAppender(name);
  }

  @Override
  public boolean isAttached(Appender<ILoggingEvent> appender) {
    return below.isAttached(appender);
  }

  @Override
  public void detachAndStopAllAppenders() {
    below.detachAndStopAllAppenders();
  }

  @Override
  public boolean detachAppender(Appender<ILoggingEvent> appender) {
    return below.detachAppender(appender);
  }

  @Override
  public boolean detachAppender(String name) {
    return below.detachAppender(name);
  }
}
