package dev.freshet.gateway.wire;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Stands between the frames of an HTTP/2 connection and its streams. A stream that is in error is
 * reset with the error's own code, before whoever reads it has its say, and a request that lacks
 * what every request has (RFC 9113, 8.3.1) becomes none.
 */
final class StrictStreams extends ChannelInboundHandlerAdapter {

  private static final char DELETE = 0x7f;

  private final Http2Connection connection;
  private final Http2Connection.PropertyKey begun;

  /** Guards one connection's streams. */
  StrictStreams(Http2FrameCodec codec) {
    this.connection = codec.connection();
    this.begun = connection.newKey();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof Http2HeadersFrame frame && isFirst(frame) && !isWhole(frame.headers())) {
      ReferenceCountUtil.release(message);
      reset(context, frame.stream(), Http2Error.PROTOCOL_ERROR);
      return;
    }
    context.fireChannelRead(message);
  }

  private boolean isFirst(Http2HeadersFrame frame) {
    Http2Stream stream = connection.stream(frame.stream().id());
    return stream != null && stream.setProperty(begun, Boolean.TRUE) == null;
  }

  /** What is not can't be made a request of HTTP/1.1, and Netty loses a buffer when it tries. */
  private static boolean isWhole(Http2Headers headers) {
    CharSequence method = headers.method();
    return isVisible(method)
        && (HttpMethod.CONNECT.asciiName().contentEquals(method)
            || (isVisible(headers.scheme()) && isVisible(headers.path())))
        && hasOneHost(headers);
  }

  private static boolean isVisible(@Nullable CharSequence value) {
    return value != null
        && !value.isEmpty()
        && value.chars().allMatch(character -> character > ' ' && character != DELETE);
  }

  /** A host beside the authority has to be the same, and is left out then. */
  private static boolean hasOneHost(Http2Headers headers) {
    CharSequence authority = headers.authority();
    if (authority == null) {
      return true;
    }
    for (CharSequence host : headers.getAll(HttpHeaderNames.HOST)) {
      if (!AsciiString.contentEqualsIgnoreCase(host, authority)) {
        return false;
      }
    }
    headers.remove(HttpHeaderNames.HOST);
    return RequestRules.isHost(authority.toString());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof Http2FrameStreamException wrong) {
      reset(context, wrong.stream(), wrong.error());
    }
    context.fireExceptionCaught(cause);
  }

  private static void reset(
      ChannelHandlerContext context, Http2FrameStream stream, Http2Error error) {
    ChannelFuture _ = context.writeAndFlush(new DefaultHttp2ResetFrame(error).stream(stream));
  }
}
