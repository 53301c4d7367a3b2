package dev.freshet.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Follows the frames of an HTTP/2 connection by their heads (RFC 9113, 4.1), for what Netty lets
 * pass: a request on a stream that its client has ended or passed over (5.1.1), which is an error
 * of the whole connection, and floods of frames that ask for nothing but to be taken notice of
 * (CVE-2019-9512, 9513 and 9515).
 */
final class FrameOrder extends ChannelInboundHandlerAdapter {

  /** Far more than the streams that may be open: those that were refused count, too. */
  private static final int MOST_UNENDED = 10_000;

  /**
   * How many of those are remembered that ended here first; something may be on its way for them.
   */
  private static final int MOST_CLOSED_HERE = 1_000;

  private static final int MOST_NOTICES = 1_000;
  private static final long NOTICES_WINDOW_NANOS = 30_000_000_000L;

  private static final int PREFACE_BYTES = Http2CodecUtil.connectionPrefaceBuf().readableBytes();

  private final Http2FrameCodec codec;

  /** What is left of the preface or of a frame's payload. */
  private int toSkip = PREFACE_BYTES;

  private final byte[] head = new byte[Http2CodecUtil.FRAME_HEADER_LENGTH];
  private int headBytes;

  /** Streams that the client has begun and not ended, whatever has become of them here. */
  private final Set<Integer> unended = new HashSet<>();

  private final Queue<Integer> closedHere = new ArrayDeque<>();
  private final Duration headWithin;
  private @Nullable Future<?> slowHead;
  private int highest;
  private int notices;
  private long windowSince;
  private boolean isBroken;

  /**
   * Follows one connection.
   *
   * @param codec that reads it next, and ends it when it is told to
   * @param headWithin from a request's first frame to its head's last
   */
  FrameOrder(Http2FrameCodec codec, Duration headWithin) {
    this.codec = codec;
    this.headWithin = headWithin;
    codec
        .connection()
        .addListener(
            new Http2ConnectionAdapter() {
              @Override
              public void onStreamClosed(Http2Stream stream) {
                closed(stream.id());
              }
            });
  }

  private void closed(int stream) {
    if (unended.contains(stream)) {
      closedHere.add(stream);
      if (closedHere.size() > MOST_CLOSED_HERE) {
        unended.remove(closedHere.remove());
      }
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof ByteBuf bytes) {
      Http2Exception wrong = isBroken ? null : follow(context, bytes);
      if (wrong != null) {
        end(context, wrong);
      }
      if (isBroken) {
        bytes.release();
        return;
      }
    }
    context.fireChannelRead(message);
  }

  private void end(ChannelHandlerContext context, Http2Exception wrong) {
    isBroken = true;
    codec.onError(context.pipeline().context(codec), false, wrong);
  }

  private @Nullable Http2Exception follow(ChannelHandlerContext context, ByteBuf bytes) {
    int at = bytes.readerIndex();
    int end = bytes.writerIndex();
    while (at < end) {
      if (toSkip > 0) {
        int skipped = Math.min(toSkip, end - at);
        toSkip -= skipped;
        at += skipped;
        continue;
      }
      head[headBytes++] = bytes.getByte(at++);
      if (headBytes == head.length) {
        headBytes = 0;
        toSkip = (octet(0) << 16) | (octet(1) << 8) | octet(2);
        Http2Flags flags = new Http2Flags((short) octet(4));
        watchHead(context, head[3], flags);
        Http2Exception wrong = frame(head[3], flags, stream());
        if (wrong != null) {
          return wrong;
        }
      }
    }
    return null;
  }

  /** A head may go on in further frames, and nothing else may come between. */
  private void watchHead(ChannelHandlerContext context, byte type, Http2Flags flags) {
    boolean isOfHead = type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION;
    if (isOfHead && flags.endOfHeaders()) {
      stopHeadClock();
    } else if (isOfHead && slowHead == null) {
      slowHead =
          context
              .executor()
              .schedule(
                  () -> end(context, calmDown("a request's head did not come in time")),
                  headWithin.toNanos(),
                  TimeUnit.NANOSECONDS);
    }
  }

  private void stopHeadClock() {
    if (slowHead != null) {
      slowHead.cancel(false);
      slowHead = null;
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    stopHeadClock();
  }

  private int octet(int index) {
    return head[index] & 0xff;
  }

  private int stream() {
    return ((octet(5) & 0x7f) << 24) | (octet(6) << 16) | (octet(7) << 8) | octet(8);
  }

  private @Nullable Http2Exception frame(byte type, Http2Flags flags, int stream) {
    switch (type) {
      case Http2FrameTypes.HEADERS -> {
        if (stream > highest) {
          highest = stream;
          unended.add(stream);
          if (unended.size() > MOST_UNENDED) {
            return calmDown("%d requests are not ended".formatted(unended.size()));
          }
        } else if (!unended.contains(stream)) {
          return Http2Exception.connectionError(
              Http2Error.STREAM_CLOSED, "stream %d was ended, or passed over", stream);
        }
        if (flags.endOfStream()) {
          unended.remove(stream);
        }
      }
      case Http2FrameTypes.DATA -> {
        if (flags.endOfStream()) {
          unended.remove(stream);
        }
      }
      case Http2FrameTypes.RST_STREAM -> unended.remove(stream);
      case Http2FrameTypes.SETTINGS, Http2FrameTypes.PING, Http2FrameTypes.PRIORITY -> {
        return noticed(); // acknowledgements, too: few are asked for
      }
      default -> {
        // The codec's own bounds hold for the others.
      }
    }
    return null;
  }

  private @Nullable Http2Exception noticed() {
    long now = System.nanoTime();
    if (notices == 0 || now - windowSince > NOTICES_WINDOW_NANOS) {
      notices = 0;
      windowSince = now;
    }
    return ++notices > MOST_NOTICES
        ? calmDown("more than %d SETTINGS, PING and PRIORITY frames".formatted(MOST_NOTICES))
        : null;
  }

  private static Http2Exception calmDown(String why) {
    return Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "%s", why);
  }
}
