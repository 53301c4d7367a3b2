package dev.freshet.gateway;

import static org.springframework.http.HttpHeaders.RETRY_AFTER;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.freshet.gateway.access.Principal;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.forward.Forwarding;
import dev.freshet.gateway.routing.Rate;
import dev.freshet.gateway.routing.Route;
import dev.freshet.protocol.ProblemCode;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.netty.util.NetUtil;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Counts the requests of each client on routes that take so many, each in a token bucket. */
final class RateLimiting {

  private static final int MOST_CLIENTS = 100_000;

  /** A bucket that nobody used for so long is full again, at the slowest rate that is taken. */
  private static final Duration FORGET_CLIENT = Duration.ofHours(1);

  private final Cache<Client, Bucket> buckets =
      Caffeine.newBuilder().maximumSize(MOST_CLIENTS).expireAfterAccess(FORGET_CLIENT).build();

  private final Forwarding forwarding;

  /**
   * Counts nobody yet.
   *
   * @param forwarding knows the addresses of clients
   */
  RateLimiting(Forwarding forwarding) {
    this.forwarding = forwarding;
  }

  /** Another rate of the same route counts again. */
  private record Client(String route, Rate rate, String name) {

    Bucket bucket() {
      return Bucket.builder()
          .withNanosecondPrecision() // by a clock that nobody sets
          .addLimit(
              limit -> limit.capacity(rate.requests()).refillGreedy(rate.requests(), rate.per()))
          .build();
    }
  }

  /**
   * Counts a request.
   *
   * @param principal who the client is; null where nobody asked
   * @return what it is refused with, when it is one too many: {@code Retry-After}, and the fields
   *     of draft-ietf-httpapi-ratelimit-headers
   */
  Optional<Head> refusal(Route route, Exchange exchange, @Nullable Principal principal) {
    Rate rate = route.rate();
    if (rate == null) {
      return Optional.empty();
    }
    String name =
        switch (rate.by()) {
          case PRINCIPAL -> "principal " + (principal == null ? null : principal.subject());
          case ADDRESS -> "address " + network(forwarding.client(exchange).orElse(""));
        };
    Bucket bucket =
        Objects.requireNonNull(buckets.get(new Client(route.id(), rate, name), Client::bucket));
    ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(1);
    return probe.isConsumed()
        ? Optional.empty()
        : Optional.of(refusal(route.id(), rate, probe.getNanosToWaitForRefill()));
  }

  /** Of IPv6 the first half: whoever has one address there has all of the second. */
  private static String network(String address) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
    return bytes != null && bytes.length > Integer.BYTES
        ? HexFormat.of().formatHex(bytes, 0, Long.BYTES)
        : address;
  }

  private static Head refusal(String route, Rate rate, long nanosToWait) {
    long seconds = Math.ceilDiv(nanosToWait, TimeUnit.SECONDS.toNanos(1));
    Head head = Head.of(ProblemCode.TOO_MANY_REQUESTS.status());
    head.headers()
        .set(RETRY_AFTER, seconds)
        .set(
            "RateLimit-Policy",
            "\"%s\";q=%d;w=%d"
                .formatted(route, rate.requests(), Math.max(1, rate.per().toSeconds())))
        .set("RateLimit", "\"%s\";r=0;t=%d".formatted(route, seconds));
    return head;
  }
}
