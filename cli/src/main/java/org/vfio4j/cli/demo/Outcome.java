// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.demo;

/**
 * What came of a combination.
 *
 * @param combination what was tried
 * @param verdict whether it went as it must
 * @param bytes bytes the device moved, both ways together
 * @param nanos time the transfers took
 * @param interrupts interrupts taken
 * @param detail the errno and reason of a refusal, or what went wrong; empty when all went well
 */
public record Outcome(
        Combination combination, Verdict verdict, long bytes, long nanos, long interrupts, String detail) {
    /** How a combination ended. */
    public enum Verdict {
        /** Data moved both ways, interrupts came, and access after unmap was refused. */
        MOVED,
        /** VFIO forbids it, and refused it with the right errno. */
        REFUSED,
        /** It did not go as it must. */
        FAILED
    }

    static Outcome refused(Combination combination, String detail) {
        return new Outcome(combination, Verdict.REFUSED, 0, 0, 0, detail);
    }

    static Outcome failed(Combination combination, String detail) {
        return new Outcome(combination, Verdict.FAILED, 0, 0, 0, detail);
    }

    /** Bytes per second; 0 when nothing moved. */
    public double rate() {
        return nanos == 0 ? 0 : bytes * 1e9 / nanos;
    }
}
