// SPDX-License-Identifier: Apache-2.0
/**
 * The {@code vfio4j} command: one class for each subcommand, answers on standard output, reasons on standard error, exit code 2 for
 * what the user got wrong. It is compiled against the API alone; core, backends, drivers and hosts are what the module path holds.
 */
package org.vfio4j.cli;
