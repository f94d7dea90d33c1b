// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;

/**
 * A core is started on a machine of many devices, which are all bound to a VFIO driver on the way: a cold JVM's first time and,
 * after it, later ones. Target: 1 000 groups of 4 devices in less than a second, cold.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 3)
@Fork(
        value = 5,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"})
public class RegisterDevicesBenchmark {
    /** Groups of four devices. */
    @Param({"1", "1000"})
    int groups;

    private Vfio vfio;

    /** How large the machine is. */
    @Setup
    public void size() {
        System.setProperty(ManyDevicesHost.GROUPS, Integer.toString(groups));
    }

    /** Unregisters everything. */
    @TearDown(Level.Iteration)
    public void close() {
        vfio.close();
    }

    /** Starts the core. */
    @Benchmark
    public Vfio register() {
        vfio = Vfio.open(VfioOptions.defaults().withHost(ManyDevicesHost.NAME));
        return vfio;
    }
}
