// SPDX-License-Identifier: Apache-2.0
/** Tells what the program asked and why it was refused. */
package org.vfio4j.runner.trace;
