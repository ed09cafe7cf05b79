/* kind.ino: runs the network and prints its outputs.
 * Made from package-arduino.net by netc 0.1.0:
 *	netc build package-arduino.net --package=arduino */
#include <kind.h>

static kind_arena arena;
static int8_t in_x[KIND_IN_X_COUNT];
static int8_t out_y[KIND_OUT_Y_COUNT];

void
setup()
{
	Serial.begin(115200);
}

void
loop()
{
	unsigned long start, taken;
	int status;

	/* What the network is to look at belongs into the inputs here; they are zeros. */
	start = micros();
	status = kind_run(in_x, out_y, &arena);
	taken = micros() - start;
	Serial.print(F("status "));
	Serial.print(status);
	Serial.print(F(", microseconds "));
	Serial.println(taken);
	Serial.print(F("y:"));
	for (unsigned long i = 0; i < KIND_OUT_Y_COUNT; i++) {
		Serial.print(' ');
		Serial.print((long)out_y[i]);
	}
	Serial.println();
	delay(1000);
}
