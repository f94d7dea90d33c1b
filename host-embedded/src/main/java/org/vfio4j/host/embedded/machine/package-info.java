// SPDX-License-Identifier: Apache-2.0
/**
 * Machine descriptions: {@link org.vfio4j.host.embedded.machine.MachineDescription} is what a machine consists of,
 * {@link org.vfio4j.host.embedded.machine.MachineFile} reads it from JSON and names the line of every mistake. The format is
 * documented in {@code docs/machines.md}.
 */
package org.vfio4j.host.embedded.machine;
