#include "node/host/http_parser.h"

#include <gtest/gtest.h>

namespace ordeal::host {
namespace {

using State = HttpParser::State;

struct Parsed {
  State state = State::kNeedMore;
  std::size_t used = 0;
};

Parsed feed_all(HttpParser& parser, std::string_view input) {
  Parsed parsed;
  parsed.state = parser.feed(input, parsed.used);
  return parsed;
}

TEST(HttpParser, TakesRequestWithBody) {
  HttpParser parser({});
  const auto parsed = feed_all(parser, "PUT /v1/kv/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET");
  EXPECT_EQ(parsed.state, State::kDone);
  EXPECT_EQ(parser.request().method, Method::kPut);
  EXPECT_EQ(parser.request().target, "/v1/kv/x");
  EXPECT_EQ(parser.request().body, "abc");
  EXPECT_TRUE(parser.keep_alive());
}

TEST(HttpParser, LeavesThePipelinedRequestForLater) {
  HttpParser parser({});
  const std::string one = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string both = one + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto first = feed_all(parser, both);
  EXPECT_EQ(first.state, State::kDone);
  EXPECT_EQ(first.used, one.size());
  parser.reset();
  EXPECT_EQ(feed_all(parser, both.substr(first.used)).state, State::kDone);
  EXPECT_EQ(parser.request().target, "/b");
}

TEST(HttpParser, TakesRequestInAnyPieces) {
  const std::string text = "POST /v1/txn HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    HttpParser parser({});
    std::string buffer;
    State state = State::kNeedMore;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      ASSERT_EQ(state, State::kNeedMore) << "piece " << piece;
      buffer += text.substr(at, piece);
      std::size_t used = 0;
      state = parser.feed(buffer, used);
      buffer.erase(0, used);
    }
    ASSERT_EQ(state, State::kDone) << "piece " << piece;
    EXPECT_EQ(parser.request().body, "0123456789");
  }
}

TEST(HttpParser, TakesChunkedBody) {
  HttpParser parser({});
  const auto parsed = feed_all(parser,
                               "PUT /v1/kv/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                               "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(parsed.state, State::kDone);
  EXPECT_EQ(parser.request().body, "abcde");
}

TEST(HttpParser, AsksForContinueOnce) {
  HttpParser parser({});
  const auto header = feed_all(
      parser, "PUT /v1/kv/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(header.state, State::kNeedContinue);
  EXPECT_EQ(feed_all(parser, "a").state, State::kNeedMore);
  EXPECT_EQ(feed_all(parser, "bc").state, State::kDone);
}

TEST(HttpParser, ConnectionCloseEndsKeepAlive) {
  HttpParser parser({});
  feed_all(parser, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(parser.keep_alive());
  HttpParser old({});
  feed_all(old, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(old.keep_alive());
}

TEST(HttpParser, LongHeaderIs431) {
  HttpParser parser({});
  const auto parsed = feed_all(parser, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'x'));
  EXPECT_EQ(parsed.state, State::kFault);
  EXPECT_EQ(parser.fault().error, ApiError::kHeaderTooLarge);
}

TEST(HttpParser, LongBodyIs413BeforeItComes) {
  HttpParser parser({});
  const auto parsed = feed_all(parser, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2097153\r\n\r\n");
  EXPECT_EQ(parsed.state, State::kFault);
  EXPECT_EQ(parser.fault().error, ApiError::kTooLarge);
}

TEST(HttpParser, LongChunkedBodyIs413) {
  HttpParser parser({.header_bytes_max = 1000, .body_bytes_max = 4});
  const auto parsed = feed_all(
      parser, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n");
  EXPECT_EQ(parsed.state, State::kFault);
  EXPECT_EQ(parser.fault().error, ApiError::kTooLarge);
}

TEST(HttpParser, ChunkHeaderWithoutEndIs431) {
  HttpParser parser({});
  const std::string header = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(feed_all(parser, header + "1;" + std::string(9000, 'x')).state, State::kFault);
  EXPECT_EQ(parser.fault().error, ApiError::kHeaderTooLarge);
}

TEST(HttpParser, BodyOfAnotherTransferEncodingIs400) {
  for (const std::string encoding : {"gzip", "chunked, gzip", "gzip, chunked", "xchunked"}) {
    HttpParser parser({});
    const std::string text =
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + encoding + "\r\n\r\nGET / HTTP/1.1\r\n";
    EXPECT_EQ(feed_all(parser, text).state, State::kFault) << encoding;
    EXPECT_EQ(parser.fault().message, "chunked is the only Transfer-Encoding here");
  }
}

TEST(HttpParser, NeedsOneHost) {
  for (const std::string text :
       {"GET / HTTP/1.1\r\n"
        "\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"}) {
    HttpParser parser({});
    EXPECT_EQ(feed_all(parser, text).state, State::kFault) << text;
    EXPECT_EQ(parser.fault().message, "send one Host header");
  }
}

TEST(HttpParser, NonsenseIs400) {
  for (const std::string text :
       {"\x16\x03\x01 tls hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    HttpParser parser({});
    EXPECT_EQ(feed_all(parser, text).state, State::kFault) << text;
    EXPECT_EQ(parser.fault().error, ApiError::kBadRequest) << text;
  }
}

}  // namespace
}  // namespace ordeal::host
