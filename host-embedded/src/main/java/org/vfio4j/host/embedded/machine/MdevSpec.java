// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.List;
import org.vfio4j.spi.mdev.MdevBus;

/**
 * The mdev part of a machine.
 *
 * @param parents parents, in order; names are unique
 * @param devices devices wanted at start; each names one of the parents, UUIDs are unique
 */
public record MdevSpec(List<ParentSpec> parents, List<MdevBus.Wish> devices) {
    /** No mdev bus. */
    public static final MdevSpec NONE = new MdevSpec(List.of(), List.of());

    /** Copies the lists. */
    public MdevSpec {
        parents = List.copyOf(parents);
        devices = List.copyOf(devices);
    }

    /** What a parent makes. */
    public enum Model {
        /** Serial ports. */
        MTTY,
        /** Displays. */
        MDPY
    }

    /**
     * A parent.
     *
     * @param name device name, for example {@code mtty}
     * @param model what it makes
     * @param capacity how many serial ports it can hand out, or how many displays there can be
     */
    public record ParentSpec(String name, Model model, int capacity) {
        /** A parent of serial ports. */
        public ParentSpec(String name, int ports) {
            this(name, Model.MTTY, ports);
        }
    }
}
