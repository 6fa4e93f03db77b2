#include "controller/report/violation.h"

#include "controller/report/violation_layout.h"
#include "tests/controller/report/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::report {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct Violated {
  ReportInput input = make_sample({.seed = 2, .violation = true});
  std::vector<FaultRecord> faults = faults_of(input.history);
  const Witness& witness() const { return input.findings.at(0).witnesses.at(0); }
  ViolationLayout layout() const { return lay_out(input.history, witness(), faults, 5); }
};

TEST(ViolationLayout, KeepsTheRealOrderOfAllEvents) {
  const Violated violated;
  const ViolationLayout layout = violated.layout();
  for (const Bar& a : layout.bars) {
    for (const Bar& b : layout.bars) {
      if (a.complete && !a.open_ended && *a.complete < b.invoke) {
        EXPECT_LT(a.right, b.left) << a.label << " was answered before " << b.label << " was sent";
      }
      if (a.invoke < b.invoke) {
        EXPECT_LT(a.left, b.left);
      }
    }
  }
}

TEST(ViolationLayout, EveryLabelFitsItsBarAndEveryBarTheFigure) {
  const Violated violated;
  const ViolationLayout layout = violated.layout();
  for (const Bar& bar : layout.bars) {
    EXPECT_GE(bar.right - bar.left, text_width(bar.label) + 27) << bar.label;
    EXPECT_LE(bar.right, layout.width);
    EXPECT_GE(bar.left, kGutter);
  }
  for (std::size_t i = 1; i < layout.ticks.size(); ++i) {
    const double gap = layout.ticks[i].x - layout.ticks[i - 1].x;
    EXPECT_GE(gap, text_width(layout.ticks[i].text)) << "two numbers of the axis run into each other";
  }
  for (const Band& band : layout.bands) EXPECT_LE(kGutter + text_width(band.label), layout.width);
}

TEST(ViolationLayout, ShowsTheFaultThatOverlaps) {
  const Violated violated;
  const ViolationLayout layout = violated.layout();
  ASSERT_THAT(layout.bands, SizeIs(1));
  EXPECT_EQ(layout.bands[0].label, "kill n1");
}

TEST(ViolationLayout, LeavesOutTheBeginningOfALongOrderAndSaysSo) {
  Violated violated;
  Witness witness = violated.witness();
  const WitnessStep step = witness.longest[0];
  witness.longest.insert(witness.longest.begin(), 30, step);
  EXPECT_EQ(lay_out(violated.input.history, witness, {}, 5).left_out, witness.longest.size() - 10);
  EXPECT_THAT(violation_html(violated.input.history, witness, {}, 5, 0),
              HasSubstr("(24 before them are not shown)"));
}

TEST(ViolationLayout, StepsOutsideTheHistoryAreLeftOut) {
  Witness witness;
  witness.stuck = {{1'000'000, std::nullopt, "x"}, {0, 1'000'000, "y"}};
  const History history(1);
  EXPECT_THAT(lay_out(history, witness, {}, 5).bars, IsEmpty());
  EXPECT_THAT(violation_html(history, witness, {}, 5, 0), Not(HasSubstr("<svg")));
}

TEST(Violation, NamesTheGuiltyTheStateAndWhy) {
  const Violated violated;
  const std::string html = violation_html(violated.input.history, violated.witness(), violated.faults, 5, 0);
  EXPECT_THAT(html, HasSubstr(violated.witness().state));
  EXPECT_THAT(html, HasSubstr("had been overwritten"));
  EXPECT_THAT(html, HasSubstr("so it must come after that one"));
  EXPECT_THAT(html, HasSubstr("class=\"arrow\""));
  const Op& guilty = violated.input.history[violated.witness().stuck[0].invoke];
  EXPECT_THAT(html, HasSubstr("<strong>p" + std::to_string(guilty.process.value()) + "</strong>"));
}

TEST(Violation, AnOperationWithoutAnswerHasNoRightEdge) {
  Violated violated;
  Witness witness = violated.witness();
  witness.stuck[0].complete.reset();
  const ViolationLayout layout = lay_out(violated.input.history, witness, {}, 5);
  EXPECT_TRUE(layout.bars.back().open_ended);
  EXPECT_THAT(violation_html(violated.input.history, witness, {}, 5, 0), HasSubstr("no answer"));
}

TEST(Violation, CollectsGuiltyAndWitnessInvocations) {
  const Violated violated;
  EXPECT_THAT(guilty_invokes(violated.input.findings), SizeIs(1));
  EXPECT_THAT(witness_invokes(violated.input.findings), SizeIs(5));
}

}  // namespace
}  // namespace ordeal::report
