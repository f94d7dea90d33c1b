// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vfio4j.cli.demo.DemoPlan;
import org.vfio4j.cli.demo.Outcome;
import org.vfio4j.cli.demo.Trial;
import org.vfio4j.exercise.DeviceExercise;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vfio4j demo}: every backend, bus and open path at work. */
@Command(
        name = "demo",
        description = {
            "Open a device of each bus through each backend and path, and make it move data.",
            "Each line is one combination: the device is opened, memory mapped, data moved by DMA both ways and compared,",
            "its interrupt taken, the memory unmapped, access after unmap shown to be refused, the device closed.",
            "Combinations that VFIO forbids are shown with the errno and the reason, and that refusal is checked too."
        })
final class DemoCommand extends MachineCommand {
    @Option(names = "--backend", paramLabel = "NAME", description = "only this backend; may be repeated")
    private List<String> backends = new ArrayList<>();

    @Option(names = "--device", paramLabel = "NAME", description = "only this device; may be repeated")
    private List<String> devices = new ArrayList<>();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "how often 32 KiB are moved there and back (default: ${DEFAULT-VALUE})")
    private int rounds = 16;

    @Option(names = "--json", description = "answer in JSON")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        if (rounds < 1) {
            throw usage("--rounds needs a number of at least 1, not " + rounds);
        }
        var vfio = vfio();
        var combinations = new DemoPlan(vfio).combinations(backends, devices);
        var trial = new Trial(vfio, rounds);
        var outcomes = new ArrayList<Outcome>();
        if (!json) {
            out().println("machine " + vfio.machineName());
        }
        try (var progress = new Progress(err())) {
            for (var combination : combinations) {
                progress.step(outcomes.size() + 1, combinations.size(), combination.label());
                var outcome = trial.run(combination);
                outcomes.add(outcome);
                if (!json) {
                    progress.clear();
                    out().println(line(outcome));
                }
            }
        }
        if (json) {
            Json.print(out(), generator -> write(generator, vfio.machineName(), outcomes));
        } else {
            out().println(summary(outcomes));
        }
        return !outcomes.isEmpty() && count(outcomes, Outcome.Verdict.FAILED) == 0 ? 0 : Main.FAILED;
    }

    private static String line(Outcome outcome) {
        var combination = outcome.combination();
        var where = String.format(
                "%-15s %-7s %-37s %-11s",
                combination.way(),
                combination.device().bus(),
                combination.device().name(),
                combination.exercise().map(DeviceExercise::name).orElse("-"));
        return switch (outcome.verdict()) {
            case MOVED ->
                "ok      " + where
                        + String.format(
                                Locale.ROOT,
                                "%5d KiB both ways, %7.1f MiB/s, %d interrupts, refused after unmap",
                                outcome.bytes() / 1024,
                                outcome.rate() / (1 << 20),
                                outcome.interrupts());
            case REFUSED -> "refused " + where + outcome.detail();
            case FAILED -> "FAILED  " + where + outcome.detail();
        };
    }

    private static String summary(List<Outcome> outcomes) {
        if (outcomes.isEmpty()) {
            return "nothing to show: no device of this machine has a VFIO driver and an exercise";
        }
        return outcomes.size() + " combinations: " + count(outcomes, Outcome.Verdict.MOVED) + " moved data, "
                + count(outcomes, Outcome.Verdict.REFUSED) + " refused as VFIO demands, "
                + count(outcomes, Outcome.Verdict.FAILED) + " failed";
    }

    private static long count(List<Outcome> outcomes, Outcome.Verdict verdict) {
        return outcomes.stream().filter(outcome -> outcome.verdict() == verdict).count();
    }

    private static void write(JsonGenerator json, String machine, List<Outcome> outcomes) throws IOException {
        json.writeStartObject();
        json.writeStringField("machine", machine);
        json.writeArrayFieldStart("combinations");
        for (var outcome : outcomes) {
            var combination = outcome.combination();
            json.writeStartObject();
            json.writeStringField("backend", combination.backend());
            json.writeStringField("way", combination.way());
            json.writeStringField("bus", combination.device().bus());
            json.writeStringField("device", combination.device().name());
            Json.stringOrNull(json, "exercise", combination.exercise().map(DeviceExercise::name));
            json.writeStringField("verdict", outcome.verdict().toString().toLowerCase(Locale.ROOT));
            json.writeNumberField("bytes", outcome.bytes());
            json.writeNumberField("nanoseconds", outcome.nanos());
            json.writeNumberField("interrupts", outcome.interrupts());
            json.writeStringField("detail", outcome.detail());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeNumberField("moved", count(outcomes, Outcome.Verdict.MOVED));
        json.writeNumberField("refused", count(outcomes, Outcome.Verdict.REFUSED));
        json.writeNumberField("failed", count(outcomes, Outcome.Verdict.FAILED));
        json.writeEndObject();
    }
}
